import type { Knex } from 'knex';
import type { Reference } from '../../../schema/definition/references';
import { withRetry } from '../../database/destinationError';
import { codeOf } from '../../database/errorCode';
import { quote } from '../../database/identifiers';
import { query } from '../../database/query';
import { lockEntity } from '../../rows/lockEntity';
import { isId, keyHash, normalised, referenceName } from './keys';

/** Marks that are taken at once. */
const marksAtOnce = 5_000;

/** What a resolver has done. */
export interface Resolved {
  /** rows whose reference has another value now */
  readonly changed: number;
  /** connections whose rows another transaction holds: their marks stay for the next time */
  readonly blocked: readonly string[];
}

interface Mark {
  readonly id: string | null;
  readonly keyOf: number | null;
  readonly key: string | null;
}

/**
 * Finds the references that are marked, until none is left or `over()`. Several resolvers at once are safe: marks are taken under a lock per connection, in
 * the transaction that writes what was found, so that one that is killed leaves them.
 */
export async function resolve(
  db: Knex,
  reference: Reference,
  over: () => boolean,
  lockTimeoutMs = 5_000,
): Promise<Resolved> {
  const name = referenceName(reference);
  const blocked: string[] = [];
  let changed = 0;
  while (!over()) {
    await markEachConnection(db, reference);
    const [next] = await query<{ connectionId: string }>(
      db,
      `select connection_id as "connectionId" from tidemark.reference_marks
       where reference = ? and connection_id is not null and connection_id <> all(cast(? as text[])) order by connection_id limit 1`,
      [name, blocked],
    );
    if (next === undefined) break;
    try {
      changed += await resolveSome(db, reference, next.connectionId, lockTimeoutMs);
    } catch (error) {
      if (codeOf(error) !== lockNotAvailable) throw error;
      blocked.push(next.connectionId);
    }
  }
  await db.raw(
    'update tidemark.reference_columns set resolved_at = clock_timestamp(), error = null, failed_at = null where reference = ?',
    [name],
  );
  return { changed, blocked };
}

const lockNotAvailable = '55P03';

/** Takes marks of one connection and writes what they are about; returns how many rows have another value now. */
async function resolveSome(
  db: Knex,
  reference: Reference,
  connectionId: string,
  lockTimeoutMs: number,
): Promise<number> {
  const name = referenceName(reference);
  return db.transaction(
    async (trx) => {
      await trx.raw('select pg_advisory_xact_lock(hashtextextended(?, 1))', [`reference ${name} ${connectionId}`]);
      // runs, webhooks and the resolver never hold rows of one entity at once, so none of them waits for another's row
      await lockEntity(trx, { connectionId, entity: { name: reference.entity } });
      await trx.raw(`select set_config('lock_timeout', ?, true)`, [`${lockTimeoutMs}ms`]);
      const marks = await query<Mark>(
        trx,
        /* sql */ `
        delete from tidemark.reference_marks where ctid = any(array(
          select ctid from tidemark.reference_marks where reference = ? and connection_id = ? limit ${marksAtOnce}))
        returning external_id as id, key_of as "keyOf", key`,
        [name, connectionId],
      );
      if (marks.some(({ id, keyOf }) => id === null && keyOf === null)) await markEachRow(trx, reference, connectionId);
      // a statement after the marks were taken: it sees every row whose mark is gone
      const { sql, bindings } = resolveStatement(reference, connectionId, marks);
      return (await trx.raw(sql, bindings)).rowCount ?? 0;
    },
    // set, since a database or a role may have another default, under which all statements would see what the first one saw
    { isolationLevel: 'read committed' },
  );
}

function resolveStatement(
  reference: Reference,
  connectionId: string,
  marks: readonly Mark[],
): { sql: string; bindings: (string | string[])[] } {
  const { by, column } = reference;
  const table = `public.${quote(reference.table)}`;
  const mine = by.map(({ mine: { name } }) => `b.${quote(name)}`).join(', ');
  const marked = by.map(
    (key) => `select b.external_id, ${mine} from ${table} b, asked a
      where b.connection_id = a.connection_id and ${keyHash('b', key.mine, key.normalise)} = any(cast(? as text[]))`,
  );
  const sql = /* sql */ `
    with asked as (select cast(? as text) collate "C" as connection_id), marked as (
      select b.external_id, ${mine} from ${table} b, asked a
      where b.connection_id = a.connection_id and b.external_id = any(cast(? as text[]))
      union ${marked.join('\n      union ')}
    ), found as (select b.external_id, ${foundSql(reference, 'b')} as found from marked b)
    update ${table} t set ${quote(column)} = f.found from found f, asked a
    where t.connection_id = a.connection_id and t.external_id = f.external_id and t.${quote(column)} is distinct from f.found`;
  const ids = marks.flatMap(({ id }) => id ?? []);
  const keys = by.map((_, index) => marks.flatMap(({ keyOf, key }) => (keyOf === index && key !== null ? [key] : [])));
  return { sql, bindings: [connectionId, ids, ...keys] };
}

/** SQL: the id that a row `b` refers to. The first key that finds a row decides; where it finds several, null. `asked`: the connection. */
function foundSql({ by, toTable }: Reference, row: string): string {
  const cases = by.map((key) => {
    const matches = matching(key, toTable, row);
    return `(select case when count(*) = 1 then array[min(m.external_id)] when count(*) > 1 then array[null::text] end from (${matches} limit 2) m)`;
  });
  return `(coalesce(${cases.join(', ')}))[1]`;
}

/** SQL: the live rows that a row refers to by a key. */
export function matching(key: Reference['by'][number], toTable: string, row: string): string {
  const [mine, theirs] = isId(key)
    ? [normalised(row, key.mine, key.normalise), 'c.external_id']
    : [keyHash(row, key.mine, key.normalise), keyHash('c', key.theirs, key.normalise)];
  return `select c.external_id from public.${quote(toTable)} c where c.connection_id = (select connection_id from asked) and c.deleted_at is null and ${theirs} = ${mine}`;
}

/** A mark of every row becomes a mark of each that refers by anything, or did. */
async function markEachRow(trx: Knex.Transaction, reference: Reference, connectionId: string): Promise<void> {
  const some = reference.by.map(({ mine, normalise }) => `${normalised('b', mine, normalise)} is not null`);
  await trx.raw(
    `insert into tidemark.reference_marks (reference, connection_id, external_id)
     select ?, connection_id, external_id from public.${quote(reference.table)} b
     where connection_id = ? and (b.${quote(reference.column)} is not null or ${some.join(' or ')})`,
    [referenceName(reference), connectionId],
  );
}

/** A mark of every connection becomes a mark of each. */
async function markEachConnection(db: Knex, reference: Reference): Promise<void> {
  const name = referenceName(reference);
  await withRetry(() =>
    db.transaction(
      async (trx) => {
        await trx.raw('select pg_advisory_xact_lock(hashtextextended(?, 1))', [`reference ${name}`]);
        const { rowCount } = await trx.raw(
          'delete from tidemark.reference_marks where reference = ? and connection_id is null',
          [name],
        );
        if (rowCount === 0) return;
        await trx.raw(
          `insert into tidemark.reference_marks (reference, connection_id)
           select distinct ?, connection_id from public.${quote(reference.table)}`,
          [name],
        );
      },
      { isolationLevel: 'read committed' },
    ),
  );
}
