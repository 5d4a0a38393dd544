import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Listing } from '../../schema/definition/listings/listing';
import { messageOf } from '../../schema/errors';
import type { Version } from '../../schema/version';
import { schemeOf, type Told } from '../paging';
import { declaredError, listIn } from '../reading/listAnswer';
import { NotThisList } from '../reading/notThisList';
import { fieldsOf, keyOf, versionOf } from '../record/fields';
import type { Probed } from './asker';

/** A record of a page, as far as it can be read. */
export interface SampledRecord {
  readonly raw: unknown;
  /** undefined where it has none that can be used */
  readonly id: string | undefined;
  /** as the source writes it */
  readonly writtenVersion: unknown;
  /** null where it has none, undefined where it cannot be read */
  readonly version: Version | undefined;
  readonly tombstone: boolean;
  /** why id or version could not be read */
  readonly problem: string | undefined;
}

export interface SampledPage {
  readonly answer: Probed;
  /** those of the entity */
  readonly records: readonly SampledRecord[];
  /** how many came, those of other kinds included */
  readonly came: number;
  /** all of these, as the source sent them */
  readonly raw: readonly unknown[];
  /** of rows with headers: those that the definition does not name */
  readonly unknownHeaders: readonly string[];
  /** the source's own number of all records, where the listing declares it */
  readonly total: number | undefined;
  /** whether there are further pages, as far as the answer says */
  readonly more: boolean;
}

/** Without a body these say that there are no records; see `reading/listReader.ts`. */
const emptyStatus: ReadonlySet<number> = new Set([204, 304]);

/** The page in an answer, or why it is none. */
export function pageOf(
  entity: ConnectorEntity,
  listing: Listing,
  answer: Probed,
  asked?: number,
): SampledPage | string {
  if (emptyStatus.has(answer.status) && answer.blank)
    return { answer, records: [], came: 0, raw: [], unknownHeaders: [], total: undefined, more: false };
  if (answer.status !== 200) return `it answers ${answer.status}: "${answer.excerpt}"`;
  if (answer.body === undefined) return `it answers 200 with a body that is not JSON: "${answer.excerpt}"`;
  if (declaredError(answer.body, listing.error) !== undefined)
    return `it answers 200 with an error: "${answer.excerpt}"`;
  try {
    const { records, total, table } = listIn(listing, answer);
    return {
      answer,
      records: records.filter((raw) => belongs(entity, raw)).map((raw) => sampled(entity, raw)),
      came: records.length,
      raw: records,
      unknownHeaders: table?.unknown ?? [],
      total,
      more: goesOn(listing, answer, records.length, total, asked),
    };
  } catch (error) {
    if (error instanceof NotThisList) return `${messageOf(error)}: "${answer.excerpt}"`;
    throw error;
  }
}

function goesOn({ paging }: Listing, told: Told, came: number, total: number | undefined, asked?: number): boolean {
  if (total !== undefined) return total > came;
  return schemeOf(paging).promises(paging, told) ?? (asked !== undefined && came >= asked);
}

/** One whose kind cannot be told is sampled: what is wrong with it is then found. */
function belongs(entity: ConnectorEntity, raw: unknown): boolean {
  try {
    return fieldsOf(entity).belongs?.(raw) ?? true;
  } catch {
    return true;
  }
}

function sampled(entity: ConnectorEntity, raw: unknown): SampledRecord {
  const fields = fieldsOf(entity);
  const problems: string[] = [];
  const read = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      problems.push(messageOf(error));
      return undefined;
    }
  };
  return {
    raw,
    id: read(() => keyOf(fields, raw)),
    writtenVersion: read(() => fields.version(raw)),
    version: read(() => versionOf(entity, fields, raw)),
    tombstone: read(() => fields.isTombstone?.(raw) ?? false) ?? false,
    problem: problems[0],
  };
}

/** Under which name a body reports an error, as far as APIs agree on such names. */
export function errorKey(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  return ['errors', 'error', 'error_message', 'message'].find((name) => Object.hasOwn(body, name));
}

/** `ascending`, `descending`, or undefined for neither; of fewer than three different values nothing is said. */
export function orderOf(values: readonly (string | undefined)[]): 'ascending' | 'descending' | undefined {
  const known = values.filter((value) => value !== undefined);
  if (new Set(known).size < 3) return undefined;
  const steps = known.slice(1).map((value, at) => {
    const before = known[at] ?? '';
    return value === before ? 0 : value > before ? 1 : -1;
  });
  if (!steps.includes(-1)) return 'ascending';
  return steps.includes(1) ? undefined : 'descending';
}

/** An id that cannot be: a longer number, or the id with something behind it. */
export function unlikely(known: string): string {
  return /^\d+$/.test(known) ? '9'.repeat(Math.min(15, known.length + 3)) : `${known}-tidemark-probe`;
}

/** Ids in the order of numbers where all are numbers, for `orderOf`. */
export function sortable(ids: readonly (string | undefined)[]): (string | undefined)[] {
  const numbers = ids.every((id) => id === undefined || /^\d{1,40}$/.test(id));
  return ids.map((id) => (numbers ? id?.padStart(40, '0') : id));
}

/** At most so many of the items, the first and the last among them. */
export function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, at) => items[Math.floor((at * (items.length - 1)) / (count - 1))] as T);
}
