import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import { quote } from '../../database/identifiers';
import { type EncodedAnswers, eachRow, encodeRows } from '../format/encodedRows';

/**
 * The keys that the listings of a run have shown, for entities that declare what duplicates are. The hourly sweep drops it with the staging
 * tables of a run, whose names it resembles. It is logged: after a crash, a key must not count as new.
 */
export function listedKeysTable(runId: string, step: string): string {
  return quote('tidemark', `scan_${runId}_keys_${step.replaceAll('-', '_')}`);
}

/** Makes the table; may be called at the same time from several processes. */
export async function createListedKeys(db: Knex, table: string): Promise<void> {
  await db.transaction(async (trx) => {
    await trx.raw('select pg_advisory_xact_lock(hashtextextended(?, 2))', [table]);
    await trx.raw(
      `create table if not exists ${table} (external_id text collate "C" primary key, version text collate "C" not null, partition text not null default '')`,
    );
    // of a run that an earlier version of the engine began; not always, since it locks the table
    const { rows } = await trx.raw(
      `select from pg_attribute where attrelid = to_regclass(?) and attname = 'partition'`,
      [table],
    );
    if (rows.length === 0) await trx.raw(`alter table ${table} add column partition text not null default ''`);
  });
}

/** What a partition has listed counts no more: it is read again from its beginning, by another listing. */
export async function forgetListed(trx: Knex.Transaction, table: string, partition: string): Promise<void> {
  await trx.raw(`delete from ${table} where partition = ?`, [partition]);
}

/** The statements return the keys that may be written, and of each whether it had been listed before. */
const claims: Readonly<Record<'first' | 'last' | 'newest', string>> = {
  first: 'do nothing',
  last: 'do update set version = excluded.version, partition = excluded.partition',
  newest: 'do update set version = excluded.version, partition = excluded.partition where excluded.version > t.version',
};

/** Where the keys that a run has listed are noted, and for which of its partitions. */
export interface ListedKeys {
  readonly table: string;
  readonly partition: string;
}

export interface Unique {
  readonly answers: readonly EncodedAnswers[];
  readonly duplicates: number;
}

/**
 * Keeps one record of each key: within these answers, and against what the run has listed before. Comes in the transaction that writes
 * them and moves the resume point, so that each record is judged once; the caller holds the write lock.
 */
export async function withoutDuplicates(
  trx: Knex.Transaction,
  entity: ConnectorEntity,
  { table, partition }: ListedKeys,
  answers: readonly EncodedAnswers[],
): Promise<Unique> {
  const { keep } = entity.duplicates ?? {};
  if (keep === undefined) return { answers, duplicates: 0 };
  const chosen = choose(answers, keep);
  if (chosen.size === 0) return { answers, duplicates: 0 };
  const { rows } = await trx.raw(
    /* sql */ `
    insert into ${table} as t (external_id, version, partition)
    select id, version, ? from unnest(?::text[], ?::text[]) as u(id, version)
    on conflict (external_id) ${claims[keep]} returning external_id as id, xmax <> 0 as again`,
    [partition, [...chosen.keys()], [...chosen.values()].map(({ version }) => version)],
  );
  const claimed = rows as readonly { readonly id: string; readonly again: boolean }[];
  const mine = new Set(claimed.map(({ id }) => id));
  let all = 0;
  let at = 0;
  const kept = answers.flatMap((request): EncodedAnswers[] => {
    const { ids } = request.rows;
    const from = at;
    at += ids.length;
    all += ids.length;
    const stays = (row: number) => chosen.get(ids[row] ?? '')?.at === from + row && mine.has(ids[row] ?? '');
    if (ids.every((_, row) => stays(row))) return [request];
    const rest = eachRow(request.rows).filter((_, row) => stays(row));
    return [
      { ...request, rows: encodeRows(entity, [], request) },
      ...rest.map((rows) => ({ ...request, rows, gone: [], setAside: [] })),
    ];
  });
  const superseded = claimed.filter(({ again }) => again).length;
  return { answers: kept, duplicates: all - mine.size + superseded };
}

interface Chosen {
  /** its place among all records of the answers */
  readonly at: number;
  readonly version: string;
}

function choose(answers: readonly EncodedAnswers[], keep: 'first' | 'last' | 'newest'): Map<string, Chosen> {
  const chosen = new Map<string, Chosen>();
  let at = 0;
  for (const { rows } of answers) {
    for (const [row, id] of rows.ids.entries()) {
      const version = rows.versions?.[row] ?? '';
      const before = chosen.get(id);
      if (before === undefined || keep === 'last' || (keep === 'newest' && version > before.version))
        chosen.set(id, { at, version });
      at += 1;
    }
  }
  return chosen;
}
