import type { Knex } from 'knex';
import { TidemarkError } from '../schema/errors';
import { storableJson, storableText } from '../schema/text/storableText';

/** Something an operator did that changes what the engine does or holds. */
export interface AuditEntry {
  /** who: a user's name, `cli:<user>`, `api` */
  readonly actor: string;
  /** what: `cursor reset`, `plan approve`, `set-aside discard` … */
  readonly action: string;
  readonly connectionId?: string;
  readonly entity?: string;
  /** why, in the operator's words */
  readonly reason: string;
  /** counts, ids, values before and after; no secrets and no record content */
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface AuditedEntry extends Required<Omit<AuditEntry, 'connectionId' | 'entity'>> {
  readonly id: number;
  readonly at: Date;
  readonly connectionId: string | null;
  readonly entity: string | null;
}

/** Writes down what is done, in the transaction that does it. Throws TidemarkError 'Usage' without a reason. */
export async function audit(tx: Knex, entry: AuditEntry): Promise<void> {
  if (entry.reason.trim() === '') {
    throw new TidemarkError(
      'Usage',
      `'${entry.action}' needs a reason, which is kept in the audit: add --reason "why"`,
    );
  }
  await tx.raw(
    `insert into tidemark.audit (actor, action, connection_id, entity, reason, details) values (?, ?, ?, ?, ?, ?::jsonb)`,
    [
      storableText(entry.actor),
      entry.action,
      entry.connectionId ?? null,
      entry.entity ?? null,
      storableText(entry.reason),
      storableJson(entry.details ?? {}),
    ],
  );
}

/** The latest entries first, of one connection or of all; `limit` defaults to 100. */
export async function listAudit(
  db: Knex,
  filter: {
    readonly connectionId?: string;
    readonly entity?: string;
    readonly action?: string;
    readonly limit?: number;
  } = {},
): Promise<AuditedEntry[]> {
  const { rows } = await db.raw(
    `select id, at, actor, action, connection_id as "connectionId", entity, reason, details
     from tidemark.audit
     where (cast(:connectionId as text) is null or connection_id = :connectionId)
       and (cast(:entity as text) is null or entity = :entity)
       and (cast(:action as text) is null or action = :action)
     order by id desc
     limit :limit`,
    {
      connectionId: filter.connectionId ?? null,
      entity: filter.entity ?? null,
      action: filter.action ?? null,
      limit: filter.limit ?? 100,
    },
  );
  return rows;
}

/** Who decides about a plan, and why; kept in the audit. */
export interface Decision {
  readonly actor: string;
  readonly reason: string;
}
