import type { sync } from '../../operations/sync';
import { exitStatus } from '../failure';
import { statusOfOutcomes } from '../runOperation';
import { view } from '../view';
import { runOutcomeText } from './parts/runOutcome';

const nameOf = ({ connectionId, entity }: { readonly connectionId: string; readonly entity: string }) =>
  `${connectionId}/${entity}`;

export const views = {
  sync: view<typeof sync>({
    text: ({ started, alreadyRunning }, { input }) =>
      [
        ...alreadyRunning.map((one) => `${nameOf(one)} is already running: ${one.detail}`),
        ...started.map((one) => `${nameOf(one)} started.`),
        `Next: tidemark runs ${input.connection}`,
      ].join('\n'),
    status: ({ alreadyRunning }) => (alreadyRunning.length > 0 ? exitStatus.busy : exitStatus.done),
    ended: (outcomes, { input }, { started, alreadyRunning }) =>
      [
        ...alreadyRunning.map((one) => `${nameOf(one)} is already running: ${one.detail}`),
        ...outcomes.map((one, index) => runOutcomeText(started[index] ? nameOf(started[index]) : '', one)),
        `Next: tidemark status ${input.connection}`,
      ].join('\n'),
    endedStatus: (outcomes, { alreadyRunning }) => {
      const status = statusOfOutcomes(outcomes);
      return status === exitStatus.done && alreadyRunning.length > 0 ? exitStatus.busy : status;
    },
  }),
};
