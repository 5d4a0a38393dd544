import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { TidemarkError } from '../../schema/errors';

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

/** A text of a connection, encrypted as it is stored. */
export interface Sealed {
  readonly key_id: string;
  readonly nonce: Buffer;
  /** ciphertext and the 16 bytes of its tag */
  readonly sealed: Buffer;
}

/** What is sealed. It is bound into the tag with the connection, so that neither can be passed off as another's. */
export type SealedKind = 'secrets' | 'tokens' | 'authorization';

const tagBytes = 16;

function boundTo(kind: SealedKind, connectionId: string): Buffer {
  return Buffer.from(`tidemark.${kind}\0${connectionId}`);
}

/** Encrypts a text under the ring's first key. */
export function seal(ring: KeyRing, kind: SealedKind, connectionId: string, text: string): Sealed {
  // 96 random bits: fine for the 2^32 times that NIST SP 800-38D allows a key
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', keyOf(ring, ring.sealingKeyId, kind, connectionId), nonce);
  cipher.setAAD(boundTo(kind, connectionId));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return { key_id: ring.sealingKeyId, nonce, sealed };
}

/** Decrypts a text and reads it. Throws TidemarkError 'Usage' when no key opens it, or `read` refuses what it holds. */
export function unseal<T>(
  ring: KeyRing,
  kind: SealedKind,
  connectionId: string,
  row: Sealed,
  read: (text: string) => T,
): T {
  const key = keyOf(ring, row.key_id, kind, connectionId);
  try {
    // whatever is stored in the database, emptied or cut, ends here: Node refuses a nonce or a tag that is too short
    const decipher = createDecipheriv('aes-256-gcm', key, row.nonce, { authTagLength: tagBytes });
    decipher.setAAD(boundTo(kind, connectionId));
    decipher.setAuthTag(row.sealed.subarray(-tagBytes));
    return read(decipher.update(row.sealed.subarray(0, -tagBytes), undefined, 'utf8') + decipher.final('utf8'));
  } catch {
    // no cause: a parser's error could quote what was read
    throw new TidemarkError(
      'Usage',
      `The ${kind} of connection '${connectionId}' do not open under key ${row.key_id}: they were changed in the database, or copied from another connection. Give ${kind === 'secrets' ? 'them' : 'its credentials'} again with 'tidemark connect'.`,
    );
  }
}

function keyOf(ring: KeyRing, id: string, kind: SealedKind, connectionId: string): KeyObject {
  const key = ring.key(id);
  if (key) return key;
  throw new TidemarkError(
    'Usage',
    `The ${kind} of connection '${connectionId}' are encrypted under key ${id}, but OAUTH_ENCRYPTION_KEY holds only ${ring.keyIds.join(', ')}: add the former key after a comma, or give the secrets again with 'tidemark connect'`,
  );
}
