import type { Knex } from 'knex';
import { zooTable } from './definition';
import { Digits, readExactly } from './exactJson';
import { canonical } from './exactNumbers';
import { readProof } from './proof';
import { idOf, isStepInPath, writeRecord, type ZooRecord } from './record';
import type { Store } from './store';
import type { World } from './world';

/** A row as the table holds it, everything as text: compared here without the engine's own parsers. */
interface StoredRow {
  readonly id: string;
  readonly name: string | null;
  readonly amount: string | null;
  readonly quantity: string | null;
  readonly raw: string | null;
  /** that listed it last */
  readonly partition: string | null;
  readonly deleted: boolean;
  readonly disputed: boolean;
}

async function storedRows(db: Knex, connectionId: string): Promise<Map<string, StoredRow>> {
  const { rows } = await db.raw(
    `select external_id as id, name, amount::text, quantity::text, raw::text, _partition as partition, deleted_at is not null as deleted,
       _disputed_at is not null as disputed from ${zooTable} where connection_id = ? order by external_id`,
    [connectionId],
  );
  return new Map(rows.map((row: StoredRow) => [row.id, row]));
}

/** How a row differs from its record, in words; undefined where they are equal. */
function difference(world: World, record: ZooRecord, row: StoredRow | undefined): string | undefined {
  if (!row) return 'has no row';
  if (row.deleted) return 'is live, but its row is deleted';
  if (row.name !== record.name) return `has the name ${show(record.name)}, its row ${show(row.name)}`;
  for (const column of ['amount', 'quantity'] as const) {
    const [sent, kept] = [canonical(record[column]), canonical(row[column] ?? '')];
    if (sent !== kept) return `has the ${column} ${record[column]}, its row ${row[column]}`;
  }
  const raw = row.raw === null ? null : readExactly(row.raw);
  const sent = readExactly(writeRecord(world, record, 'all'));
  return sameValue(sent, raw) ? undefined : `was sent as ${writeRecord(world, record, 'all')}, raw is ${row.raw}`;
}

const show = (text: string | null) => JSON.stringify(text);

/** Numbers with more digits than a double may be kept as text, but with these digits. */
function sameValue(sent: unknown, kept: unknown): boolean {
  if (sent instanceof Digits) return sent.text === (kept instanceof Digits ? kept.text : canonical(String(kept)));
  if (typeof sent !== 'object' || sent === null) return sent === kept;
  if (typeof kept !== 'object' || kept === null || kept instanceof Digits) return false;
  const [a, b] = [Object.entries(sent), Object.entries(kept)];
  return a.length === b.length && a.every(([key, value]) => sameValue(value, (kept as Record<string, unknown>)[key]));
}

/**
 * Where source and table differ now, in words. The row of a gone record may be live only where the proof counts it among what it could
 * not judge; and what it counts must be something that this source makes hard to judge.
 */
export async function allDifferences(db: Knex, connectionId: string, store: Store): Promise<string[]> {
  const rows = await storedRows(db, connectionId);
  const proof = await readProof(db, connectionId);
  const records = [...store.records.values()];
  const live = new Set(records.map(({ id }) => id));
  const { counted, shown, unjudged } = proof;
  return [
    ...records.flatMap((record) =>
      isRefused(store.world, record.id) && unjudged.has(record.id)
        ? []
        : told(store.world, record, rows.get(record.id)),
    ),
    ...[...rows.values()].flatMap(({ id, deleted }) =>
      deleted || live.has(id) || unjudged.has(id)
        ? []
        : [`${id} is gone, but its row is live, and the proof does not count it`],
    ),
    ...(counted === shown ? [] : [`the proof counts ${counted} that it could not judge, but ${shown} are shown`]),
    ...[...unjudged].flatMap(([id, why]) =>
      isHardToJudge(store, id) || isOfSilent(store, rows.get(id))
        ? []
        : [`${id} counts as not judged (${why}), though the source says all about it`],
    ),
  ];
}

/** Whether a trigger of the user's refuses the row of this id. */
const isRefused = ({ ids, refusedSlot }: World, id: string) => refusedSlot !== null && idOf(ids, refusedSlot) === id;

/** Ids that no path can hold cannot be asked for; records that were merged or moved are answered as another one. */
function isHardToJudge({ world, deleted }: Store, id: string): boolean {
  if (world.one && !world.one.inQuery && isStepInPath(id)) return true;
  if (isRefused(world, id)) return true;
  const wasReplaced = [...deleted.values()].some(({ record, survivor }) => record.id === id && survivor !== undefined);
  return wasReplaced && world.one !== null;
}

/** Whether a row is of a partition that lists nothing now: that is no evidence, so an operator is asked. */
function isOfSilent({ world, records }: Store, row: StoredRow | undefined): boolean {
  return world.partitions > 1 && ![...records.values()].some(({ partition }) => partition === row?.partition);
}

/** Where they differ in records that have been as they are all the while. An id that was created again is disputed for a while. */
export async function lostDifferences(
  db: Knex,
  connectionId: string,
  store: Store,
  before: ReadonlyMap<number, ZooRecord>,
  byVersion: boolean,
): Promise<string[]> {
  const rows = await storedRows(db, connectionId);
  const { unjudged } = await readProof(db, connectionId);
  return [...before].flatMap(([slot, record]) => {
    const row = rows.get(record.id);
    if (store.records.get(slot) !== record || store.createdAgain.has(slot) || row?.disputed) return [];
    if (byVersion && store.changedTwice.has(slot)) return [];
    if (isRefused(store.world, record.id)) return [];
    // a reconciliation by ids asks for each record that is missing, and says which ones it could not ask for
    if (byVersion && unjudged.has(record.id) && isHardToJudge(store, record.id)) return [];
    return told(store.world, record, row);
  });
}

function told(world: World, record: ZooRecord, row: StoredRow | undefined): string[] {
  const differs = difference(world, record, row);
  return differs === undefined ? [] : [`${record.id} ${differs}`];
}
