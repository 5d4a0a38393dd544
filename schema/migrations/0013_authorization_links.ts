export const authorizationLinks = /* sql */ `
-- One-time pages at which a person lets Tidemark read a connection's account. What is in their addresses is stored as SHA-256.
create table tidemark.authorization_links (
  token_hash bytea primary key,
  connection_id text collate "C" not null references tidemark.connections on delete cascade,
  -- where the source sends the person back to
  redirect_uri text not null,
  expires_at timestamptz not null,
  -- of the journey that is under way: its state, the browser that began it, and its code verifier, encrypted as secrets are
  state_hash bytea unique,
  browser_hash bytea,
  key_id text,
  nonce bytea,
  sealed bytea,
  used_at timestamptz,
  created_at timestamptz not null default clock_timestamp()
);
create index authorization_links_by_connection on tidemark.authorization_links (connection_id);
`;
