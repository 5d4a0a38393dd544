import type { Knex } from 'knex';
import { storableText } from '../../schema/text/storableText';
import type { Target } from '../../schema/workflows';

/** Keeps a record that the source has sent for the operator who asked for it under this id. `record`: JSON. */
export async function keepShown(
  db: Knex,
  { connectionId, entity }: Target,
  { id, recordId, record }: { readonly id: string; readonly recordId: string; readonly record: string },
): Promise<void> {
  await db.raw(
    `insert into tidemark.shown_records (id, connection_id, entity, external_id, record) values (?, ?, ?, ?, ?)
     on conflict (id) do update set record = excluded.record`,
    [id, connectionId, entity, storableText(recordId), storableText(record)],
  );
}

/** Returns what is kept under an id, as JSON, and removes it; undefined where there is nothing. */
export async function takeShown(db: Knex, id: string): Promise<string | undefined> {
  const { rows } = await db.raw('delete from tidemark.shown_records where id = ? returning record', [id]);
  return rows[0]?.record;
}
