import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { Knex } from 'knex';
import { z } from 'zod';
import { TidemarkError } from '../../schema/errors';
import { audit } from '../audit';

/** A connection's secrets by name, as its connector declares them. */
export type Secrets = Readonly<Record<string, string>>;

/** The keys that secrets are encrypted under. Holds them so that neither JSON nor console output shows them. */
export interface KeyRing {
  /** the id of the key that seals: the beginning of its SHA-256, which reveals nothing about it */
  readonly sealingKeyId: string;
  /** all of them; each opens what it sealed */
  readonly keyIds: readonly string[];
  key(id: string): KeyObject | undefined;
}

const howToMake = `make one with 'openssl rand -hex 32'`;

/**
 * Reads OAUTH_ENCRYPTION_KEY: 64 hexadecimal digits, or several such keys separated by commas while one replaces
 * another; the first seals, all open. Throws TidemarkError 'Usage', which never holds the text.
 */
export function keyRing(text: string | undefined): KeyRing {
  const parts = (text ?? '').split(',').map((part) => part.trim());
  if (parts.length === 1 && parts[0] === '') {
    throw new TidemarkError('Usage', `OAUTH_ENCRYPTION_KEY is not set: secrets are encrypted under it; ${howToMake}`);
  }
  const keys = new Map<string, KeyObject>();
  for (const [index, part] of parts.entries()) {
    if (!/^[0-9a-f]{64}$/i.test(part)) {
      throw new TidemarkError(
        'Usage',
        `OAUTH_ENCRYPTION_KEY: ${parts.length > 1 ? `key ${index + 1} of ${parts.length}` : 'it'} is not 64 hexadecimal digits; ${howToMake}`,
      );
    }
    const bytes = Buffer.from(part, 'hex');
    keys.set(createHash('sha256').update(bytes).digest('hex').slice(0, 16), createSecretKey(bytes));
  }
  const keyIds = [...keys.keys()];
  return { sealingKeyId: keyIds[0] ?? '', keyIds, key: (id) => keys.get(id) };
}

/** A connection's secrets as they are kept. */
export interface Sealed {
  readonly key_id: string;
  readonly nonce: Buffer;
  /** ciphertext and the 16 bytes of its tag */
  readonly sealed: Buffer;
}

const tagBytes = 16;

/** Bound into the tag, so that one connection's secrets can't be passed off as another's. */
function boundTo(connectionId: string): Buffer {
  return Buffer.from(`tidemark.secrets\0${connectionId}`);
}

function seal(ring: KeyRing, connectionId: string, secrets: Secrets): Sealed {
  // 96 random bits: fine for the 2^32 times that NIST SP 800-38D allows a key
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', keyOf(ring, ring.sealingKeyId, connectionId), nonce);
  cipher.setAAD(boundTo(connectionId));
  const sealed = Buffer.concat([cipher.update(JSON.stringify(secrets), 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return { key_id: ring.sealingKeyId, nonce, sealed };
}

/** Throws TidemarkError 'Usage' when no key opens them, also where nothing is left that a key could open. */
export function openSecrets(ring: KeyRing, connectionId: string, row: Sealed): Secrets {
  const key = keyOf(ring, row.key_id, connectionId);
  try {
    // whatever is stored in the database, emptied or cut, ends here: Node refuses a nonce or a tag that is too short
    const decipher = createDecipheriv('aes-256-gcm', key, row.nonce, { authTagLength: tagBytes });
    decipher.setAAD(boundTo(connectionId));
    decipher.setAuthTag(row.sealed.subarray(-tagBytes));
    const text = decipher.update(row.sealed.subarray(0, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
    return z.record(z.string(), z.string()).parse(JSON.parse(text));
  } catch (error) {
    throw new TidemarkError(
      'Usage',
      `The secrets of connection '${connectionId}' do not open under key ${row.key_id}: they were changed in the database, or copied from another connection. Give them again with 'tidemark connect'.`,
      { cause: error },
    );
  }
}

function keyOf(ring: KeyRing, id: string, connectionId: string): KeyObject {
  const key = ring.key(id);
  if (key) return key;
  throw new TidemarkError(
    'Usage',
    `The secrets of connection '${connectionId}' are encrypted under key ${id}, but OAUTH_ENCRYPTION_KEY holds only ${ring.keyIds.join(', ')}: add the former key after a comma, or give the secrets again with 'tidemark connect'`,
  );
}

/** Encrypts and keeps all secrets of a connection, in place of those it had. The connection must exist. */
export async function saveSecrets(tx: Knex, ring: KeyRing, connectionId: string, secrets: Secrets): Promise<void> {
  const { key_id, nonce, sealed } = seal(ring, connectionId, secrets);
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
 * former keys can go. Secrets that no key opens are named by the error and stay as they are.
 */
export async function resealSecrets(
  db: Knex,
  ring: KeyRing,
  by: { readonly actor: string; readonly reason: string },
): Promise<{ readonly resealed: number }> {
  const { rows: others } = await db.raw(
    'select connection_id, key_id from tidemark.secrets where key_id <> ? order by connection_id',
    [ring.sealingKeyId],
  );
  for (const { connection_id: connectionId, key_id: before } of others) {
    await db.transaction(async (tx) => {
      // an operator may be saving new ones
      await lockSecrets(tx, connectionId);
      await saveSecrets(tx, ring, connectionId, await loadSecrets(tx, ring, connectionId));
      const details = { before, after: ring.sealingKeyId };
      await audit(tx, { ...by, action: 'connections reseal', connectionId, details });
    });
  }
  return { resealed: others.length };
}
