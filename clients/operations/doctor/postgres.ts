import type { Knex } from 'knex';
import { listConnections } from '../../../destination/connections/connections';
import { aboutDatabase } from '../../../destination/database/about';
import { sessionFacts } from '../../../destination/database/sessionFacts';
import { tableFacts } from '../../../destination/readModels/tableFacts';
import type { Connector } from '../../../schema/definition/connector';
import { Wrong } from './checkup';

const oldestPostgres = 140_000;
/** What a worker and a server take together at most, as docs/operations.md says. */
const connectionsOfOneEach = 45;

/** The server and the database: new enough, able to hold every character, able to write. */
export async function lookAtServer(db: Knex): Promise<string> {
  const { number, version, name, size, encoding } = await aboutDatabase(db);
  if (number < oldestPostgres) throw new Wrong(`it is version ${version}`, 'Tidemark needs PostgreSQL 14 or later');
  if (encoding !== 'UTF8') {
    throw new Wrong(
      `the encoding of database ${name} is ${encoding}, which cannot hold every character of a source`,
      `make another with create database … template template0 encoding 'UTF8', and set DATABASE_URL to it`,
    );
  }
  return `version ${version}, database ${name}, ${size}`;
}

/** What limits the sessions of the engine: settings of role, database and pooler that its login does not overrule. */
export async function lookAtSettings(db: Knex): Promise<string> {
  const { role, database, standby, connections, harmful } = await sessionFacts(db);
  if (standby) {
    throw new Wrong(
      'PostgreSQL is a standby, on which nothing can be written',
      'set DATABASE_URL to the primary, or to an address that follows it',
    );
  }
  const [first] = harmful;
  if (first) {
    const all = harmful.map(({ name, value }) => `${name} is ${value}`).join(', ');
    throw new Wrong(
      `${all} in the engine's sessions, which ends its longer statements and transactions`,
      `alter role ${role} set ${first.name} = ${first.value === 'on' ? 'off' : '0'}, and check the options of DATABASE_URL and of the pooler`,
    );
  }
  const { most, by } = connections;
  if (most < connectionsOfOneEach) {
    const whose = { role: `role ${role}`, database: `database ${database}`, server: 'PostgreSQL' }[by];
    const fix = {
      role: `alter role ${role} connection limit 100`,
      database: `alter database ${database} connection limit 100`,
      server: 'raise max_connections, and restart PostgreSQL',
    }[by];
    throw new Wrong(
      `${whose} allows ${most} connections; a worker takes up to 25, a server up to 20`,
      `${fix}, or put a pooler in transaction mode before it`,
    );
  }
  return `nothing in them limits the engine; ${most} connections`;
}

/** The tables of entities that were synced exist, and those of others can be made. */
export async function lookAtTables(db: Knex, connectors: readonly Connector[]): Promise<string> {
  const { missing, synced, mayCreate, role } = await tableFacts(db, connectors, await listConnections(db));
  if (!mayCreate) {
    throw new Wrong(
      `role ${role} may not create the tables of entities in schema public`,
      `grant create on schema public to ${role}`,
    );
  }
  const [first] = missing;
  if (first) {
    const names = [...new Set(missing.map(({ table }) => `public.${table}`))].join(', ');
    throw new Wrong(
      `${names} ${missing.length === 1 ? 'is' : 'are'} missing although ${first.connectionId}/${first.entity} was synced`,
      `restore the rows if you did not drop them on purpose; the next delta makes the table again and reads everything: tidemark sync ${first.connectionId} ${first.entity}`,
    );
  }
  return `${synced} synced ${synced === 1 ? 'entity has its' : 'entities have their'} table`;
}
