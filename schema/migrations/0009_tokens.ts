export const tokens = /* sql */ `
-- The OAuth tokens of a connection, shared by all processes. Never locked while a request is under way: who renews them has a lease.
create table tidemark.tokens (
  connection_id text collate "C" primary key references tidemark.connections on delete cascade,
  -- raised by whatever replaces the tokens; what began under another generation is not stored
  generation bigint not null default 1,
  -- raised by every change of the credentials; a process that has read the former ones renews nothing
  epoch bigint not null default 1,
  -- access and refresh token, encrypted as secrets are; null: there are none yet
  key_id text,
  nonce bytea,
  sealed bytea,
  issued_at timestamptz,
  -- null: the source did not say
  expires_at timestamptz,
  -- when a request first succeeded with the access token
  succeeded_at timestamptz,
  -- when a request was last refused although its token had just been renewed
  refused_at timestamptz,
  lease_holder text,
  lease_until timestamptz,
  -- since when the response to a refresh token that was sent is missing
  unanswered_since timestamptz,
  updated_at timestamptz not null default clock_timestamp(),
  check ((key_id is null) = (sealed is null) and (nonce is null) = (sealed is null) and (issued_at is null) = (sealed is null))
);

-- The source accepts none of the credentials: the connection rests until it is given others. Not the operator's pause.
alter table tidemark.connections add column needs_credentials_since timestamptz;
alter table tidemark.connections add column needs_credentials_because text;
`;
