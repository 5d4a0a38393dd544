import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { z } from 'zod';
import { TidemarkError } from '../../schema/errors';
import type { IssuedToken, StoredToken, TokenLease, TokenStore } from '../../schema/ports';
import { audit } from '../audit';
import { type KeyRing, type Sealed, seal, unseal } from './seal';

export interface TokenStoreOptions {
  readonly connectionId: string;
  readonly ring: KeyRing;
  /** that of the credentials that the caller has read; see `getConnectionAndSeal` */
  readonly epoch: number;
}

const contents = z.object({ access: z.string(), refresh: z.string().optional() });
type Contents = z.infer<typeof contents>;

/**
 * The OAuth tokens of a connection in PostgreSQL. Each of its statements is a transaction of its own and none is held open while a
 * request is under way; what a process may still do with the tokens that it has read is decided by their generation.
 */
export function createTokenStore(db: Knex, { connectionId, ring, epoch }: TokenStoreOptions): TokenStore {
  return { read, lease, noteSuccess, noteRefusal };

  async function read(): Promise<StoredToken> {
    const row = (await readRow()) ?? (await makeRow());
    if (row.epoch !== epoch) {
      throw new TidemarkError(
        'SourceUnavailable',
        `The credentials of connection '${connectionId}' were changed while it was being read; the next attempt uses the new ones`,
      );
    }
    const { sealed, epoch: _epoch, ...facts } = row;
    const { access, refresh } = sealed === null ? {} : open(row as Sealed);
    return {
      generation: facts.generation,
      accessToken: access,
      refreshToken: refresh,
      expiresInMs: facts.expiresInMs ?? undefined,
      lifetimeMs: facts.lifetimeMs ?? undefined,
      storedMsAgo: facts.storedMsAgo ?? undefined,
      succeeded: facts.succeeded,
      refusedMsAgo: facts.refusedMsAgo ?? undefined,
      leasedForMs: facts.leasedForMs ?? 0,
      unansweredSince: facts.unansweredSince ?? undefined,
      needsCredentials: facts.needsCredentials ?? undefined,
    };
  }

  function open(row: Sealed): Contents {
    return unseal(ring, 'tokens', connectionId, row, (text) => contents.parse(JSON.parse(text)));
  }

  async function readRow(): Promise<TokenRow | undefined> {
    const { rows } = await db.raw(
      `select t.generation, t.epoch, t.key_id, t.nonce, t.sealed, ${ms('t.expires_at - clock_timestamp()')} as "expiresInMs",
         ${ms('t.expires_at - t.issued_at')} as "lifetimeMs", ${ms('clock_timestamp() - t.issued_at')} as "storedMsAgo",
         t.succeeded_at is not null as succeeded, ${ms('clock_timestamp() - t.refused_at')} as "refusedMsAgo",
         greatest(0, ${ms('t.lease_until - clock_timestamp()')}) as "leasedForMs", t.unanswered_since as "unansweredSince",
         c.needs_credentials_because as "needsCredentials"
       from tidemark.tokens t join tidemark.connections c on c.id = t.connection_id
       where t.connection_id = ?`,
      [connectionId],
    );
    return rows[0];
  }

  async function makeRow(): Promise<TokenRow> {
    await db.raw(
      `insert into tidemark.tokens (connection_id) select id from tidemark.connections where id = ? on conflict do nothing`,
      [connectionId],
    );
    const row = await readRow();
    if (row) return row;
    throw new TidemarkError('NotFound', `There is no connection '${connectionId}' any more`);
  }

  async function lease(
    generation: number,
    { ms: milliseconds, rotating }: { readonly ms: number; readonly rotating: boolean },
  ): Promise<TokenLease | undefined> {
    const holder = randomUUID();
    const { rows } = await db.raw(
      `with before as (select unanswered_since from tidemark.tokens where connection_id = :connectionId for update)
       update tidemark.tokens t
       set lease_holder = :holder, lease_until = clock_timestamp() + cast(:milliseconds as float8) * interval '1 millisecond',
         unanswered_since = case when :rotating then coalesce(t.unanswered_since, clock_timestamp()) else t.unanswered_since end
       from before
       where t.connection_id = :connectionId and t.generation = :generation and t.epoch = :epoch
         and (t.lease_until is null or t.lease_until <= clock_timestamp())
       returning before.unanswered_since as before`,
      { connectionId, holder, milliseconds, rotating, generation, epoch },
    );
    return rows.length === 0 ? undefined : leaseOf(generation, holder, rows[0].before);
  }

  function leaseOf(generation: number, holder: string, unansweredBefore: Date | null): TokenLease {
    const mine = { connectionId, generation, epoch, holder };
    return {
      async save({ accessToken, refreshToken, expiresInMs }: IssuedToken) {
        const kept = refreshToken ?? (await keptRefreshToken(generation));
        const text = JSON.stringify({ access: accessToken, ...(kept === undefined ? {} : { refresh: kept }) });
        const { key_id, nonce, sealed } = seal(ring, 'tokens', connectionId, text);
        // by its generation alone: a change of the client's secret leaves these tokens valid, and nothing else has the new ones
        return changes(
          `update tidemark.tokens
           set generation = generation + 1, key_id = :key_id, nonce = :nonce, sealed = :sealed, issued_at = clock_timestamp(),
             expires_at = clock_timestamp() + cast(:expiresInMs as float8) * interval '1 millisecond', succeeded_at = null,
             lease_holder = null, lease_until = null, unanswered_since = null, updated_at = clock_timestamp()
           where connection_id = :connectionId and generation = :generation`,
          { connectionId, generation, key_id, nonce, sealed, expiresInMs: expiresInMs ?? null },
        );
      },
      release: (unanswered) =>
        changes(
          `update tidemark.tokens
           set lease_holder = null, lease_until = null,
             unanswered_since = case when :unanswered then unanswered_since else cast(:unansweredBefore as timestamptz) end
           where connection_id = :connectionId and generation = :generation and epoch = :epoch and lease_holder = :holder`,
          { ...mine, unanswered, unansweredBefore },
        ),
      async dropRefreshToken() {
        const { accessToken } = await read();
        const { key_id, nonce, sealed } =
          accessToken === undefined
            ? { key_id: null, nonce: null, sealed: null }
            : seal(ring, 'tokens', connectionId, JSON.stringify({ access: accessToken }));
        return changes(
          `update tidemark.tokens
           set key_id = :key_id, nonce = :nonce, sealed = :sealed, lease_holder = null, lease_until = null, unanswered_since = null,
             updated_at = clock_timestamp()
           where connection_id = :connectionId and generation = :generation and epoch = :epoch and lease_holder = :holder`,
          { ...mine, key_id, nonce, sealed },
        );
      },
      needCredentials: (because) =>
        db.transaction(async (tx) => {
          // the connection first, as whoever gives it other credentials does
          await tx.raw('select 1 from tidemark.connections where id = ? for update', [connectionId]);
          const { rowCount } = await tx.raw(
            `update tidemark.tokens set lease_holder = null, lease_until = null
             where connection_id = :connectionId and generation = :generation and epoch = :epoch`,
            mine,
          );
          if (rowCount === 0) return false;
          await tx.raw(
            `update tidemark.connections set needs_credentials_since = clock_timestamp(), needs_credentials_because = ? where id = ?`,
            [because.slice(0, 1000), connectionId],
          );
          await audit(tx, {
            actor: 'worker',
            action: 'needs credentials',
            connectionId,
            reason: because.slice(0, 1000),
          });
          return true;
        }),
    };
  }

  /** The refresh token of this generation, where the source gave no other. */
  async function keptRefreshToken(generation: number): Promise<string | undefined> {
    const row = await readRow();
    return row === undefined || row.sealed === null || row.generation !== generation
      ? undefined
      : open(row as Sealed).refresh;
  }

  async function noteSuccess(generation: number): Promise<void> {
    await changes(
      `update tidemark.tokens set succeeded_at = clock_timestamp()
       where connection_id = :connectionId and generation = :generation and succeeded_at is null`,
      { connectionId, generation },
    );
  }

  async function noteRefusal(generation: number): Promise<void> {
    await changes(
      `update tidemark.tokens set refused_at = clock_timestamp()
       where connection_id = :connectionId and generation = :generation`,
      { connectionId, generation },
    );
  }

  async function changes(sql: string, bindings: Record<string, Knex.Value>): Promise<boolean> {
    const { rowCount } = await db.raw(sql, bindings);
    return (rowCount ?? 0) > 0;
  }
}

const ms = (interval: string) => `(extract(epoch from ${interval}) * 1000)::float8`;

interface TokenRow {
  readonly generation: number;
  readonly epoch: number;
  readonly key_id: string | null;
  readonly nonce: Buffer | null;
  readonly sealed: Buffer | null;
  readonly expiresInMs: number | null;
  readonly lifetimeMs: number | null;
  readonly storedMsAgo: number | null;
  readonly succeeded: boolean;
  readonly refusedMsAgo: number | null;
  readonly leasedForMs: number | null;
  readonly unansweredSince: Date | null;
  readonly needsCredentials: string | null;
}
