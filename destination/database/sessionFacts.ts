import type { Knex } from 'knex';
import { query } from './query';

/** What limits every session of the engine's role, whatever the engine itself asks for. */
export interface SessionFacts {
  readonly role: string;
  readonly database: string;
  /** PostgreSQL only replays what another server writes */
  readonly standby: boolean;
  /** connections that this role may have at the same time, and what says so */
  readonly connections: { readonly most: number; readonly by: 'role' | 'database' | 'server' };
  /** settings in force in a session of the engine that keep it from its work: name and value */
  readonly harmful: readonly { readonly name: string; readonly value: string }[];
}

/**
 * Settings that the engine cannot do with, and the value that it needs. It asks for most of them with its login, which a pooler may
 * refuse; `transaction_timeout` it does not ask for, since servers before 17 refuse a login with it.
 */
const needed: Readonly<Record<string, string>> = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  transaction_timeout: '0',
  default_transaction_read_only: 'off',
};

/** Reads them in a session as all others of the engine are. */
export async function sessionFacts(db: Knex): Promise<SessionFacts> {
  const [facts] = await query<{
    role: string;
    database: string;
    standby: boolean;
    ofRole: number;
    ofDatabase: number;
    ofServer: number;
  }>(
    db,
    /* sql */ `
    select current_user as role, current_database() as database, pg_is_in_recovery() as standby,
      r.rolconnlimit as "ofRole", d.datconnlimit as "ofDatabase",
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as "ofServer"
    from pg_roles r, pg_database d where r.rolname = current_user and d.datname = current_database()`,
  );
  if (!facts) throw new Error('the role of this session is not in pg_roles');
  const harmful = await query<{ name: string; value: string }>(
    db,
    /* sql */ `
    select name, current_setting(name) as value from pg_settings
    join jsonb_each_text(?::jsonb) as n(wanted, needed) on n.wanted = name
    where setting <> n.needed order by name`,
    [JSON.stringify(needed)],
  );
  const limits = [
    { by: 'role', most: facts.ofRole },
    { by: 'database', most: facts.ofDatabase },
    { by: 'server', most: facts.ofServer },
  ] as const;
  const set = limits.filter(({ most }) => most >= 0);
  const connections = set.reduce((least, one) => (one.most < least.most ? one : least), limits[2]);
  return { role: facts.role, database: facts.database, standby: facts.standby, connections, harmful };
}
