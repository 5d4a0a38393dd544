import { Context } from '@temporalio/activity';
import { sampleRecords } from '../../destination/rows/queries/sampleRecords';
import { tableExists } from '../../destination/rows/tables';
import type { MappingAuditInput, MappingAuditResult } from '../../schema/definition/mappingAudit';
import { alive } from '../attempt/liveness';
import type { ActivityDeps } from '../deps';
import type { TargetOpener } from '../openTarget';
import { partitionsNow } from '../parents';

const storedAtMost = 1_000;
const partitionsAtMost = 50;

/** Compares fields with the mapping. */
export function auditMappingActivities({ db }: ActivityDeps, openTarget: TargetOpener) {
  return {
    /** Reads the beginning of `all`, and stored records. Only paths, counts and ids leave it: histories hold no content. */
    async auditMapping({ connectionId, entity: name }: MappingAuditInput): Promise<MappingAuditResult> {
      const target = { connectionId, entity: name };
      const open = await openTarget(target, 'reconciliation');
      const where = await partitionsNow(db, open, partitionsAtMost);
      const stored = (await tableExists(db, open.entity))
        ? await sampleRecords(db, connectionId, open.entity, storedAtMost)
        : [];
      const signal = Context.current().cancellationSignal;
      const found = await alive(() => open.source.auditMapping(open.entity, { where, stored, signal }));
      return { ...target, stored: stored.length, ...found };
    },
  };
}
