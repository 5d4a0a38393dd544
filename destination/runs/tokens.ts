import type { Knex } from 'knex';
import { TidemarkError } from '../../schema/errors';
import type { Target } from '../../schema/workflows';
import { query } from '../database/query';
import type { PartKey } from './runParts';

/** The token of a partition's cursor; null where it has none. */
export async function heldToken(db: Knex, { connectionId, entity }: Target, partition: string): Promise<string | null> {
  const [held] = await query<{ token: string | null }>(
    db,
    `select token from tidemark.cursors where connection_id = ? and entity = ? and listing = 'changes' and partition = ?`,
    [connectionId, entity, partition],
  );
  return held?.token ?? null;
}

/**
 * Keeps the token that was given before the first page of `all`, with the time at which it was asked for, so that every attempt of the
 * part goes on with it. Throws FenceLost.
 */
export async function noteFirstToken(
  db: Knex,
  key: PartKey,
  { token, sent, sourceSent }: { readonly token: string; readonly sent: number; readonly sourceSent: number | null },
): Promise<void> {
  await ownPart(
    db,
    key,
    'next_token = coalesce(next_token, ?), first_sent = coalesce(first_sent, ?), first_sent_source = coalesce(first_sent_source, ?)',
    [token, sent, sourceSent],
  );
}

/** Makes a part read `all` from its beginning instead of going on from a token that the source no longer knows. Throws FenceLost. */
export async function startOver(db: Knex, key: PartKey): Promise<void> {
  await ownPart(
    db,
    key,
    `listing = 'all', resume_point = null, first_sent = null, first_sent_source = null, next_token = null, done = false`,
    [],
  );
}

async function ownPart(db: Knex, key: PartKey, set: string, values: readonly Knex.RawBinding[]): Promise<void> {
  const { rowCount } = await db.raw(
    `update tidemark.run_parts set ${set} where run_id = ? and step = ? and partition = ? and fence = ?`,
    [...values, key.runId, key.step, key.partition, key.fence],
  );
  if (rowCount > 0) return;
  throw new TidemarkError(
    'FenceLost',
    `Run ${key.runId}, ${key.step}: another attempt has taken over, or the run has ended; this one stops`,
  );
}

/** Throws ContractBroken where a part of a feed has read everything and was given no token to go on from. */
export async function assertTokens(db: Knex, runId: string, { connectionId, entity }: Target): Promise<void> {
  const without = await query(
    db,
    `select from tidemark.run_parts
     where run_id = ? and step = 'pull' and verdict is null and next_token is null and (found_token is null or listing = 'all') limit 1`,
    [runId],
  );
  if (without.length === 0) return;
  throw new TidemarkError(
    'ContractBroken',
    `${connectionId}/${entity}: the list ended and contained no token to go on from. Check the path of \`listings.changes.feed.token\`; the cursor stays`,
  );
}

/**
 * Since when deletions of an entity may have been missed, because the source had forgotten a token and a full read lists no deleted
 * records. Null where none were.
 */
export async function deletionsUnknownSince(db: Knex, { connectionId, entity }: Target): Promise<Date | null> {
  const [found] = await query<{ since: Date | null }>(
    db,
    'select min(deletions_unknown_since) as since from tidemark.cursors where connection_id = ? and entity = ?',
    [connectionId, entity],
  );
  return found?.since ?? null;
}

/** Whether a run has read everything although its cursor was a token. */
export async function hasStartedOver(db: Knex, runId: string): Promise<boolean> {
  const parts = await query(
    db,
    `select from tidemark.run_parts where run_id = ? and step = 'pull' and listing = 'all' and found_token is not null limit 1`,
    [runId],
  );
  return parts.length > 0;
}

/** A scan that covered everything and began at this instant (milliseconds) has found what was deleted before. */
export async function deletionsKnown(db: Knex, { connectionId, entity }: Target, at: number): Promise<void> {
  await db.raw(
    `update tidemark.cursors set deletions_unknown_since = null
     where connection_id = ? and entity = ? and deletions_unknown_since is not null and updated_at < ?`,
    [connectionId, entity, new Date(at)],
  );
}
