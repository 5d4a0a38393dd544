import type { Knex } from 'knex';
import type { SetAsideAnswer } from '../../schema/answer';
import { TidemarkError } from '../../schema/errors';
import type { Target } from '../../schema/workflows';
import { audit } from '../audit';

/** An entry as it is listed; the payload comes with `getSetAside` only. */
export interface SetAsideEntry extends Target {
  readonly id: number;
  /** null when not even the key could be read */
  readonly recordId: string | null;
  readonly reason: SetAsideAnswer['reason'];
  readonly detail: string;
  readonly runId: string | null;
  readonly times: number;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  /** null while open */
  readonly clearedAt: Date | null;
  readonly clearedBy: string | null;
}

const columns = `id, connection_id as "connectionId", entity, external_id as "recordId", reason, detail, run_id::text as "runId",
  times, first_seen_at as "firstSeenAt", last_seen_at as "lastSeenAt", cleared_at as "clearedAt", cleared_by as "clearedBy"`;

export interface SetAsideFilter {
  readonly connectionId?: string | undefined;
  readonly entity?: string | undefined;
  readonly reason?: SetAsideAnswer['reason'] | undefined;
  readonly recordId?: string | undefined;
  /** entries after this one, for the next page */
  readonly afterId?: number | undefined;
  /** default 100 */
  readonly limit?: number | undefined;
}

/** Open entries in the order in which they were first set aside. */
export async function listSetAside(db: Knex, filter: SetAsideFilter = {}): Promise<SetAsideEntry[]> {
  const { rows } = await db.raw(
    `select ${columns} from tidemark.set_aside
     where cleared_at is null and id > :afterId
       and (cast(:connectionId as text) is null or connection_id = :connectionId)
       and (cast(:entity as text) is null or entity = :entity)
       and (cast(:reason as text) is null or reason = :reason)
       and (cast(:recordId as text) is null or external_id = :recordId)
     order by id
     limit :limit`,
    {
      afterId: filter.afterId ?? 0,
      connectionId: filter.connectionId ?? null,
      entity: filter.entity ?? null,
      reason: filter.reason ?? null,
      recordId: filter.recordId ?? null,
      limit: filter.limit ?? 100,
    },
  );
  return rows;
}

/** One entry, open or cleared, with its payload as JSON text. Throws TidemarkError 'NotFound'. */
export async function getSetAside(db: Knex, id: number): Promise<SetAsideEntry & { readonly raw: string }> {
  const { rows } = await db.raw(`select ${columns}, raw from tidemark.set_aside where id = ?`, [id]);
  if (rows.length === 0) throw unknownEntry(id);
  return rows[0];
}

/**
 * Gives an open entry up, with a reason that is audited; the record is set aside again when a later run meets it.
 * Throws TidemarkError 'NotFound' when there is no such open entry, 'Usage' without a reason.
 */
export async function discardSetAside(
  db: Knex,
  id: number,
  { actor, reason }: { readonly actor: string; readonly reason: string },
): Promise<SetAsideEntry> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.raw(
      `update tidemark.set_aside set cleared_at = clock_timestamp(), cleared_by = ?
       where id = ? and cleared_at is null returning ${columns}`,
      [`discarded by ${actor}`, id],
    );
    const entry: SetAsideEntry | undefined = rows[0];
    if (entry === undefined) throw unknownEntry(id);
    await audit(tx, {
      actor,
      action: 'set-aside discard',
      connectionId: entry.connectionId,
      entity: entry.entity,
      reason,
      details: { id, recordId: entry.recordId, reason: entry.reason },
    });
    return entry;
  });
}

function unknownEntry(id: number): TidemarkError {
  return new TidemarkError('NotFound', `There is no open set-aside entry ${id}: see 'tidemark set-aside list'`);
}

export interface SetAsideCount extends Target {
  readonly reason: SetAsideAnswer['reason'];
  readonly open: number;
}

/** Open entries by connection, entity and reason. */
export async function setAsideCounts(db: Knex, connectionId?: string): Promise<SetAsideCount[]> {
  const { rows } = await db.raw(
    `select connection_id as "connectionId", entity, reason, count(*) as open
     from tidemark.set_aside
     where cleared_at is null and (cast(:connectionId as text) is null or connection_id = :connectionId)
     group by 1, 2, 3
     order by 1, 2, 3`,
    { connectionId: connectionId ?? null },
  );
  return rows;
}
