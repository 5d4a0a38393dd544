import type { Knex } from 'knex';

/**
 * An operator gave a connection other credentials, in this transaction: a renewal that is under way stores nothing, and a connection
 * that needed credentials is served again. With `keepTokens`, only the proof of the client changed and the tokens stay. Returns
 * whether it had needed them. Its open webhook events count as opened now: while it rested, nothing could be done for them.
 */
export async function credentialsChanged(
  tx: Knex,
  connectionId: string,
  { keepTokens }: { readonly keepTokens: boolean },
): Promise<boolean> {
  await tx.raw('insert into tidemark.tokens (connection_id) values (?) on conflict do nothing', [connectionId]);
  await tx.raw(
    keepTokens
      ? 'update tidemark.tokens set epoch = epoch + 1, refused_at = null where connection_id = ?'
      : `update tidemark.tokens
         set epoch = epoch + 1, generation = generation + 1, key_id = null, nonce = null, sealed = null, issued_at = null,
           expires_at = null, succeeded_at = null, refused_at = null, lease_holder = null, lease_until = null, unanswered_since = null,
           updated_at = clock_timestamp()
         where connection_id = ?`,
    [connectionId],
  );
  const { rowCount } = await tx.raw(
    `update tidemark.connections set needs_credentials_since = null, needs_credentials_because = null
     where id = ? and needs_credentials_since is not null`,
    [connectionId],
  );
  if (rowCount === 0) return false;
  await tx.raw('update tidemark.inbox set opened_at = clock_timestamp() where connection_id = ? and done_at is null', [
    connectionId,
  ]);
  return true;
}

/** Notes that a connection rests until it has credentials, in this transaction. One that rests already keeps its reason. */
export async function needCredentials(tx: Knex, connectionId: string, because: string): Promise<void> {
  await tx.raw(
    `update tidemark.connections set needs_credentials_since = clock_timestamp(), needs_credentials_because = ?
     where id = ? and needs_credentials_since is null`,
    [because, connectionId],
  );
}
