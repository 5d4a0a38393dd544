import { Context } from '@temporalio/activity';
import { someDeletedIds } from '../../destination/rows/queries/liveIds';
import { tableExists } from '../../destination/rows/tables';
import type { ProbeInput, ProbeResult } from '../../schema/definition/checks';
import { alive } from '../attempt/liveness';
import type { ActivityDeps } from '../deps';
import type { TargetOpener } from '../openTarget';
import { partitionsNow } from '../parents';

/** Asks an API how it behaves. */
export function probeActivities({ db }: ActivityDeps, openTarget: TargetOpener) {
  return {
    async probe({ connectionId, entity: name }: ProbeInput): Promise<ProbeResult> {
      const target = { connectionId, entity: name };
      const open = await openTarget(target, 'webhook');
      const { entity, source } = open;
      const [first = { partition: '' }, other] = await partitionsNow(db, open, 2);
      const deleted = (await tableExists(db, entity)) ? await someDeletedIds(db, connectionId, entity, 3) : [];
      const signal = Context.current().cancellationSignal;
      const found = await alive(() => source.probe(entity, { ...first, other, deleted, signal }));
      return { ...target, ...found };
    },
  };
}
