import type { Knex } from 'knex';
import { z } from 'zod';
import { audit } from '../audit';
import { type KeyRing, type Sealed, seal, unseal } from './seal';

export { type KeyRing, keyRing, type Sealed } from './seal';

/** A connection's secrets by name, as its connector declares them. */
export type Secrets = Readonly<Record<string, string>>;

/** Throws TidemarkError 'Usage' when no key opens them, also where nothing is left that a key could open. */
export function openSecrets(ring: KeyRing, connectionId: string, row: Sealed): Secrets {
  return unseal(ring, 'secrets', connectionId, row, (text) => z.record(z.string(), z.string()).parse(JSON.parse(text)));
}

/** Encrypts and keeps all secrets of a connection, in place of those it had. The connection must exist. */
export async function saveSecrets(tx: Knex, ring: KeyRing, connectionId: string, secrets: Secrets): Promise<void> {
  const { key_id, nonce, sealed } = seal(ring, 'secrets', connectionId, JSON.stringify(secrets));
  await tx.raw(
    `insert into tidemark.secrets (connection_id, key_id, nonce, sealed) values (?, ?, ?, ?)
     on conflict (connection_id) do update
       set key_id = excluded.key_id, nonce = excluded.nonce, sealed = excluded.sealed, updated_at = now()`,
    [connectionId, key_id, nonce, sealed],
  );
}

/** Holds the connection's secrets until the transaction ends, so that two changes of them come one after the other. */
export async function lockSecrets(tx: Knex, connectionId: string): Promise<void> {
  await tx.raw('select 1 from tidemark.secrets where connection_id = ? for update', [connectionId]);
}

/** The secrets of a connection; none for one that has none. Throws TidemarkError 'Usage' when no key opens them. */
export async function loadSecrets(db: Knex, ring: KeyRing, connectionId: string): Promise<Secrets> {
  const { rows } = await db.raw('select key_id, nonce, sealed from tidemark.secrets where connection_id = ?', [
    connectionId,
  ]);
  return rows.length === 0 ? {} : openSecrets(ring, connectionId, rows[0]);
}

/** Under which key a connection's secrets are encrypted, and since when; undefined for one that has none. */
export async function sealOfSecrets(
  db: Knex,
  connectionId: string,
): Promise<{ readonly keyId: string; readonly updatedAt: Date } | undefined> {
  const { rows } = await db.raw(
    'select key_id as "keyId", updated_at as "updatedAt" from tidemark.secrets where connection_id = ?',
    [connectionId],
  );
  return rows[0];
}

/**
 * Encrypts under the ring's first key whatever another key sealed, one transaction a connection, audited; afterwards the
 * former keys can go. OAuth tokens as well. Secrets that no key opens are named by the error and stay as they are.
 */
export async function resealSecrets(
  db: Knex,
  ring: KeyRing,
  by: { readonly actor: string; readonly reason: string },
): Promise<{ readonly resealed: number }> {
  const { rows: others } = await db.raw(
    `select connection_id, min(key_id) as key_id
     from (select connection_id, key_id from tidemark.secrets union all select connection_id, key_id from tidemark.tokens) sealed
     where key_id <> ? group by connection_id order by connection_id`,
    [ring.sealingKeyId],
  );
  for (const { connection_id: connectionId, key_id: before } of others) {
    await db.transaction(async (tx) => {
      // an operator may be saving new ones
      await lockSecrets(tx, connectionId);
      await saveSecrets(tx, ring, connectionId, await loadSecrets(tx, ring, connectionId));
      await resealTokens(tx, ring, connectionId);
      const details = { before, after: ring.sealingKeyId };
      await audit(tx, { ...by, action: 'connections reseal', connectionId, details });
    });
  }
  return { resealed: others.length };
}

/** The generation stays, so that a renewal that is under way stores what it brings, under the first key. */
async function resealTokens(tx: Knex, ring: KeyRing, connectionId: string): Promise<void> {
  const { rows } = await tx.raw(
    'select key_id, nonce, sealed from tidemark.tokens where connection_id = ? and sealed is not null for update',
    [connectionId],
  );
  if (rows.length === 0) return;
  const text = unseal(ring, 'tokens', connectionId, rows[0], (opened) => opened);
  const { key_id, nonce, sealed } = seal(ring, 'tokens', connectionId, text);
  await tx.raw('update tidemark.tokens set key_id = ?, nonce = ?, sealed = ? where connection_id = ?', [
    key_id,
    nonce,
    sealed,
    connectionId,
  ]);
}
