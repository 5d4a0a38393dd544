import type { ConnectorEntity } from '../../../schema/definition/connector';
import type { Related } from '../../../schema/definition/related';
import { messageOf } from '../../../schema/errors';
import type { JsonObject } from '../../../schema/json/json';
import type { SourceText } from '../../../schema/json/sourceText';
import { storableJson } from '../../../schema/text/storableText';
import type { ReadOfSeveral } from '../../contract';
import { type FieldReader, fieldReader, usableKey } from '../../record/fields';
import type { Source } from '../../wire/source';
import { readSeveral, type SeveralPage, whyUnfitForSeveral } from './readSeveral';

/**
 * The related records of some records of an entity, every kind and every page of them, by the id of the record. Every id has an entry, since
 * the end of each list is proved. At most `relatedAtOnce` ids, none of them twice. Throws like `streamAll`: ContractBroken where the
 * responses do not show all that belongs to the ids.
 */
export async function readRelated(
  source: Source,
  entity: ConnectorEntity,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadOfSeveral> {
  const kinds = Object.entries(entity.related ?? {});
  const read = await Promise.all(kinds.map(([name, kind]) => readKind(source, entity, { name, kind, ids, signal })));
  const times = {
    sent: Math.min(...read.map(({ sent }) => sent)),
    received: Math.max(...read.map(({ received }) => received)),
  };
  const related = new Map(
    ids.map((id) => {
      const lists = read.map(({ name, children }) => ({ name, list: inOrder(children.get(id)) }));
      const json = `{${lists.map(({ name, list }) => `${JSON.stringify(name)}:[${list.map(({ json }) => json).join()}]`).join()}}`;
      const records = Object.fromEntries(lists.map(({ name, list }) => [name, list.map(({ record }) => record)]));
      const count = lists.reduce((sum, { list }) => sum + list.length, 0);
      return [id, { records, part: { ...times, json, count } }] as const;
    }),
  );
  return { related, requests: read.reduce((sum, { requests }) => sum + requests, 0) };
}

interface Child {
  readonly record: JsonObject;
  readonly json: string;
}

interface ReadKind {
  readonly name: string;
  readonly sent: number;
  readonly received: number;
  readonly requests: number;
  /** by the id of the record that they belong to, and by their key */
  readonly children: ReadonlyMap<string, ReadonlyMap<string, Child>>;
}

interface Kind {
  readonly name: string;
  readonly kind: Related;
  readonly ids: readonly string[];
  readonly signal: AbortSignal;
}

async function readKind(source: Source, entity: ConnectorEntity, { name, kind, ids, signal }: Kind): Promise<ReadKind> {
  const what = `related '${name}'`;
  const { reporter } = source.sender;
  const broken = (problem: string) =>
    reporter.error('ContractBroken', { entity: entity.name, what }, problem, 'The related records stay as they are');
  for (const id of ids) {
    const unfit = whyUnfitForSeveral(kind.listing, id);
    if (unfit !== undefined) throw broken(`they cannot be requested: ${unfit}`);
  }
  const children = new Map(ids.map((id) => [id, new Map<string, Child>()]));
  const request = { listing: kind.listing, ids, partition: '', entity: entity.name, what, signal };
  let sent = Number.POSITIVE_INFINITY;
  let received = 0;
  let requests = 0;
  let strangers = 0;
  let all = 0;
  let end: SeveralPage['end'] = null;
  for await (const page of readSeveral(source, request)) {
    sent = Math.min(sent, page.sent);
    received = Math.max(received, page.received);
    end = page.end;
    requests += page.requests;
    for (const record of page.records) {
      all += 1;
      const child = childOf(kind, record, broken);
      const known = children.get(child.parent);
      if (known === undefined) strangers += 1;
      else if (child.gone) known.delete(child.key);
      else known.set(child.key, { record: child.record, json: textOf(record, page.sentAs) });
    }
  }
  if (strangers > all / 2) {
    throw broken(
      `${strangers} of ${all} belong to other records than those that were asked for: its filter does not filter`,
    );
  }
  if (end === null || !end.certain) throw broken('nothing shows that the list ended where its pages stopped');
  return { name, sent, received, requests, children };
}

function childOf(kind: Related, record: unknown, broken: (problem: string) => Error) {
  if (typeof record !== 'object' || record === null || Array.isArray(record))
    throw broken('one of them is not an object');
  const read = (what: 'parent' | 'key') => {
    try {
      return usableKey(fieldReader(kind[what] as string | FieldReader)(record), what === 'key' ? 'id' : 'parent');
    } catch (error) {
      throw broken(`one of them cannot be used: ${messageOf(error)}`);
    }
  };
  return { parent: read('parent'), key: read('key'), record: record as JsonObject, gone: isGone(kind, record, broken) };
}

function isGone({ gone }: Related, record: object, broken: (problem: string) => Error): boolean {
  try {
    return (gone as ((record: object) => unknown) | undefined)?.(record) === true;
  } catch (error) {
    throw broken(`\`gone\` failed for one of them: ${messageOf(error)}`);
  }
}

function textOf(record: unknown, sentAs: SeveralPage['sentAs']): string {
  const text: SourceText | undefined = sentAs(record)?.text;
  return text?.storable ?? storableJson(record);
}

/** Whole numbers by size, everything else as text: sources promise no order, and two readings must compare. */
function inOrder(children: ReadonlyMap<string, Child> | undefined): Child[] {
  return [...(children ?? [])].sort(([a], [b]) => byKey(a, b)).map(([, child]) => child);
}

const whole = /^\d+$/;

function byKey(a: string, b: string): number {
  if (whole.test(a) && whole.test(b) && a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : 1;
}
