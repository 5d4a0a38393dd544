import type { RelatedRecords } from '../../schema/answer';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { MappingFinding } from '../../schema/definition/mappingAudit';
import { type AuditOptions, relatedAtOnce } from '../contract';
import { readRelated } from '../reading/byId/relatedRecords';
import { streamAll } from '../reading/streamAll';
import { fieldsOf, keyOf } from '../record/fields';
import type { Source } from '../wire/source';
import { Fields } from './fields';
import { findingsOf } from './findings';
import { Sample } from './sample';

/** Pages of one list that are read at most, and records of which a sample needs no more. */
const pagesAtMost = 10;
const recordsAtMost = 1_000;

/** See SourceClient.auditMapping. */
export async function auditMapping(
  source: Source,
  entity: ConnectorEntity,
  { where, stored, signal }: AuditOptions,
): Promise<{ readonly records: number; readonly findings: readonly MappingFinding[] }> {
  const context = { connection: source.connection, partition: null, related: {} };
  const halves = { first: new Sample(entity, context), second: new Sample(entity, context), stored: new Fields() };
  const halfOf = (at: number) => (at % 2 === 0 ? halves.first : halves.second);
  for (const [at, { id, record }] of stored.entries()) {
    halves.stored.add(record, id);
    // where a list is a report, reading it would start a job: what is stored then stands for it
    if (where.length === 0) halfOf(at).add(record, { partition: null, related: {} });
  }
  let records = 0;
  for (const one of where) {
    let pages = 0;
    for await (const page of streamAll(source, entity, 'all', { ...one, signal })) {
      const related = await relatedOf(source, entity, page.records, signal);
      for (const record of page.records) {
        halfOf(records).add(record, { partition: one.parent ?? null, related: related(record) });
        records += 1;
      }
      pages += 1;
      if (pages === pagesAtMost || records >= recordsAtMost) break;
    }
    if (records >= recordsAtMost) break;
  }
  return { records, findings: findingsOf(entity, halves) };
}

/** Of records of an entity that has related records: theirs. */
async function relatedOf(
  source: Source,
  entity: ConnectorEntity,
  records: readonly unknown[],
  signal: AbortSignal,
): Promise<(record: unknown) => RelatedRecords> {
  if (entity.related === undefined) return () => ({});
  const fields = fieldsOf(entity);
  const idOf = (record: unknown) => {
    try {
      return keyOf(fields, record);
    } catch {
      return undefined;
    }
  };
  const ids = [...new Set(records.flatMap((record) => idOf(record) ?? []))];
  const atOnce = relatedAtOnce(entity);
  const found = new Map<string, RelatedRecords>();
  for (let from = 0; from < ids.length; from += atOnce) {
    const { related } = await readRelated(source, entity, ids.slice(from, from + atOnce), signal);
    for (const [id, read] of related) found.set(id, read.records);
  }
  return (record) => found.get(idOf(record) ?? '') ?? {};
}
