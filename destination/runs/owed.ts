import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Target } from '../../schema/workflows';
import { contentColumns } from '../rows/format/rowFormat';
import { cursorSql } from './cursors';

/**
 * What an entity of a connection owes: columns that were added to its table, each with the instant since when. Rows that were
 * read before have nothing in them, and neither a delta nor a comparison of versions reads such rows again.
 */
export type Owed = Readonly<Record<string, string>>;

/** Notes columns that were added. Under the conflict policy `skip` nothing is owed: the columns of rows that exist are the user's. */
export async function oweColumns(
  trx: Knex.Transaction,
  { connector, entity }: { readonly connector: string; readonly entity: ConnectorEntity },
  added: readonly string[],
): Promise<void> {
  const content = new Set(contentColumns(entity).map(({ name }) => name));
  const columns = added.filter((name) => content.has(name));
  if (columns.length === 0 || entity.conflict === 'skip') return;
  await trx.raw(
    /* sql */ `
    update tidemark.entities e
    set owed = e.owed || (select jsonb_object_agg(name, to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) from unnest(?::text[]) as name)
    from tidemark.connections c
    where c.id = e.connection_id and c.connector = ? and e.entity = ? and ${cursorSql('e')} is not null`,
    [columns, connector, entity.name],
  );
}

/** A run that has mapped every record settles what was owed before it began. */
export async function settleOwed(db: Knex, { connectionId, entity }: Target, runId: string): Promise<void> {
  await db.raw(
    /* sql */ `
    update tidemark.entities e
    set owed = coalesce((select jsonb_object_agg(name, since) from jsonb_each_text(e.owed) as o(name, since)
      where since::timestamptz > r.started_at), '{}')
    from tidemark.runs r
    where r.id = ? and e.connection_id = ? and e.entity = ? and e.owed <> '{}'`,
    [runId, connectionId, entity],
  );
}
