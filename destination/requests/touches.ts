import type { Knex } from 'knex';
import { storableText } from '../../schema/text/storableText';
import type { Target, TouchOutcome } from '../../schema/workflows';
import type { Decision } from '../audit';
import { audit } from '../audit';

/** A change that an operator makes at the source, as it was asked for. */
export interface Touch {
  readonly recordId: string;
  readonly text: string;
}

/** How a touch ended. */
export interface TouchEnd {
  readonly outcome: TouchOutcome;
  /** of the last response; null: there was none */
  readonly status: number | null;
  /** without secrets */
  readonly detail: string;
}

/** Writes a touch down before anything is sent, audited. Returns its number. */
export async function requestTouch(db: Knex, target: Target, { recordId, text }: Touch, by: Decision): Promise<string> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.raw(
      `insert into tidemark.touches (connection_id, entity, external_id, text) values (?, ?, ?, ?) returning id::text as id`,
      [target.connectionId, target.entity, recordId, storableText(text)],
    );
    const { id }: { id: string } = rows[0];
    await audit(tx, { ...by, ...target, action: 'touch', details: { recordId, touch: id } });
    return id;
  });
}

/** What a touch asks for; undefined where it does not exist, or its record was erased. */
export async function findTouch(db: Knex, target: Target, id: string): Promise<Touch | undefined> {
  const { rows } = await db.raw(
    `select external_id as "recordId", text from tidemark.touches where id = ? and connection_id = ? and entity = ?`,
    [id, target.connectionId, target.entity],
  );
  return rows[0];
}

/** Notes that the request is about to be sent. False where it was sent before, or has ended: then it must not be sent. */
export async function beginTouch(db: Knex, id: string): Promise<boolean> {
  const { rowCount } = await db.raw(
    `update tidemark.touches set state = 'sending', sent_at = clock_timestamp() where id = ? and state = 'requested'`,
    [id],
  );
  return rowCount === 1;
}

/** A response proved that the source did nothing: the request may be sent again. */
export async function touchNotDone(db: Knex, id: string): Promise<void> {
  await db.raw(`update tidemark.touches set state = 'requested' where id = ? and state = 'sending'`, [id]);
}

/** Notes how a touch ended. A response that arrives late replaces a doubt. */
export async function endTouch(db: Knex, id: string, { outcome, status, detail }: TouchEnd): Promise<void> {
  await db.raw(
    `update tidemark.touches set state = ?, status = ?, detail = ?, ended_at = clock_timestamp()
     where id = ? and state in ('requested', 'sending', 'unknown')`,
    [outcome, status, storableText(detail).slice(0, 2_000), id],
  );
}

/** Ends a touch whose attempt was lost: sent, its outcome is unknown; not sent, it was not done. Returns how it ended. */
export async function settleTouch(db: Knex, id: string): Promise<TouchEnd | undefined> {
  await db.raw(
    `update tidemark.touches set ended_at = clock_timestamp(),
       state = case state when 'requested' then 'not-done' else 'unknown' end,
       detail = case state when 'requested' then 'the worker was lost before it sent the request' else 'the worker was lost while it waited for the response' end
     where id = ? and state in ('requested', 'sending')`,
    [id],
  );
  const { rows } = await db.raw('select state as outcome, status, detail from tidemark.touches where id = ?', [id]);
  return rows[0];
}
