import type { cancel, resume } from '../../operations/waits';
import { plural } from '../terminal/phrases';
import { view } from '../view';

export const views = {
  resume: view<typeof resume>({
    text: ({ connectionId, wait, runs, resumed }) => {
      const ended =
        wait === null
          ? `The source of ${connectionId} had asked for no wait.`
          : `The wait of ${connectionId} until ${wait.until.toISOString()} is over (${wait.because}).`;
      const which = runs.map(({ runId, entity }) => `\n  run ${runId} of ${connectionId}/${entity} goes on`);
      return `${ended}${which.join('')}\n${plural(resumed, 'deferred activity', 'deferred activities')} start now.\nNext: tidemark status ${connectionId}`;
    },
  }),
  cancel: view<typeof cancel>({
    text: ({ runId, connectionId, entity, strategy }) =>
      `Run ${runId}, a ${strategy} of ${connectionId}/${entity}, is cancelled. What it wrote stays.\nNext: tidemark runs show ${runId}`,
  }),
};
