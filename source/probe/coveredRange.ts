import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Covers } from '../../schema/definition/listings/covers';
import { parseDuration } from '../../schema/duration';
import { instantIn } from '../record/instantIn';
import { readRecord } from '../record/readRecord';
import type { Source } from '../wire/source';
import type { SampledRecord } from './sample';

/** A declared range as it is now, in milliseconds since 1970. */
export interface CoveredRange {
  readonly begins: number;
  readonly ends: number;
}

export function coveredRange({ from, to }: Covers, now: number): CoveredRange {
  const begins = from === undefined ? Number.NEGATIVE_INFINITY : now - parseDuration(from);
  const ends = to === undefined ? Number.POSITIVE_INFINITY : to === 'today' ? now : now - parseDuration(to);
  return { begins, ends };
}

/** The instants of records in the column by which a range is declared, by their ids; those without one are left out. */
export function instantsOf(
  { connection }: Source,
  entity: ConnectorEntity,
  { field, timeZone = connection.timeZone }: Covers,
  records: readonly SampledRecord[],
): ReadonlyMap<string, number> {
  return new Map(
    records.flatMap(({ raw }) => {
      const read = readRecord(entity, raw, { connection });
      const at = read.kind === 'live' ? instantIn(read.row[field], timeZone) : null;
      return read.kind === 'live' && at !== null ? [[read.id, at] as const] : [];
    }),
  );
}
