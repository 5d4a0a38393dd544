import { createHash, randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import type { IssuedToken } from '../../schema/ports';
import { credentialsChanged } from './credentials';
import { type KeyRing, seal, unseal } from './seal';

/** A page at which a person authorizes a connection once. */
export interface AuthorizationLink {
  readonly connectionId: string;
  readonly redirectUri: string;
}

/** What a page's journey needs when the person comes back. */
export interface TakenJourney extends AuthorizationLink {
  readonly verifier: string;
}

const hashOf = (text: string) => createHash('sha256').update(text).digest();
/** 256 bits that nobody guesses, as they stand in addresses and cookies. */
export const unguessable = () => randomBytes(32).toString('base64url');

/**
 * Makes a page for a connection that is valid for so many milliseconds. Former pages of the connection that were not used become invalid.
 * Returns what its address holds, which is stored nowhere.
 */
export async function makeLink(
  tx: Knex,
  { connectionId, redirectUri }: AuthorizationLink,
  validMs: number,
): Promise<{ readonly token: string; readonly expiresAt: Date }> {
  await tx.raw('delete from tidemark.authorization_links where connection_id = ? or expires_at < clock_timestamp()', [
    connectionId,
  ]);
  const token = unguessable();
  const { rows } = await tx.raw(
    `insert into tidemark.authorization_links (token_hash, connection_id, redirect_uri, expires_at)
     values (?, ?, ?, clock_timestamp() + cast(? as float8) * interval '1 millisecond') returning expires_at as "expiresAt"`,
    [hashOf(token), connectionId, redirectUri, validMs],
  );
  return { token, expiresAt: rows[0].expiresAt };
}

const open = 'used_at is null and expires_at > clock_timestamp()';

/** The page with this token; undefined where it never was, was used, or has expired. */
export async function findLink(db: Knex, token: string): Promise<AuthorizationLink | undefined> {
  const { rows } = await db.raw(
    `select connection_id as "connectionId", redirect_uri as "redirectUri" from tidemark.authorization_links
     where token_hash = ? and ${open}`,
    [hashOf(token)],
  );
  return rows[0];
}

/** Notes that a browser leaves for the source, in place of a journey before. False where the page is not valid any more. */
export async function beginJourney(
  db: Knex,
  ring: KeyRing,
  { token, connectionId }: { readonly token: string; readonly connectionId: string },
  { state, browser, verifier }: { readonly state: string; readonly browser: string; readonly verifier: string },
): Promise<boolean> {
  const { key_id, nonce, sealed } = seal(ring, 'authorization', connectionId, verifier);
  const { rowCount } = await db.raw(
    `update tidemark.authorization_links set state_hash = ?, browser_hash = ?, key_id = ?, nonce = ?, sealed = ?
     where token_hash = ? and connection_id = ? and ${open}`,
    [hashOf(state), hashOf(browser), key_id, nonce, sealed, hashOf(token), connectionId],
  );
  return (rowCount ?? 0) > 0;
}

/**
 * The journey that this state belongs to, for the browser that began it; undefined for any other. `use` ends its page: of several
 * requests with one state, one gets the journey.
 */
export async function takeJourney(
  db: Knex,
  ring: KeyRing,
  { state, browser, use }: { readonly state: string; readonly browser: string; readonly use: boolean },
): Promise<TakenJourney | undefined> {
  const { rows } = await db.raw(
    `update tidemark.authorization_links set used_at = case when ? then clock_timestamp() end
     where state_hash = ? and browser_hash = ? and ${open}
     returning connection_id as "connectionId", redirect_uri as "redirectUri", key_id, nonce, sealed`,
    [use, hashOf(state), hashOf(browser)],
  );
  if (rows.length === 0) return undefined;
  const { connectionId, redirectUri, ...row } = rows[0];
  return { connectionId, redirectUri, verifier: unseal(ring, 'authorization', connectionId, row, (text) => text) };
}

/**
 * Stores the tokens that a person's consent brought, in place of those before, in this transaction. Returns whether the connection had
 * needed credentials.
 */
export async function storeAuthorized(
  tx: Knex,
  ring: KeyRing,
  connectionId: string,
  { accessToken, refreshToken, expiresInMs }: IssuedToken,
): Promise<boolean> {
  const needed = await credentialsChanged(tx, connectionId, { keepTokens: false });
  const text = JSON.stringify({
    access: accessToken,
    ...(refreshToken === undefined ? {} : { refresh: refreshToken }),
  });
  const { key_id, nonce, sealed } = seal(ring, 'tokens', connectionId, text);
  await tx.raw(
    `update tidemark.tokens set key_id = ?, nonce = ?, sealed = ?, issued_at = clock_timestamp(),
       expires_at = clock_timestamp() + cast(? as float8) * interval '1 millisecond', updated_at = clock_timestamp()
     where connection_id = ?`,
    [key_id, nonce, sealed, expiresInMs ?? null, connectionId],
  );
  return needed;
}
