import type { Knex } from 'knex';
import { TidemarkError } from '../../schema/errors';
import { type Migration, migrations as ownMigrations } from '../../schema/migrations';
import { connectDatabase, inTransaction } from './database';
import { destinationError, withRetry } from './destinationError';

export interface Migrated {
  /** the version found; 0 for a database that Tidemark has not been in */
  readonly from: number;
  /** the version left */
  readonly to: number;
  /** names of the migrations that this call ran, in order */
  readonly applied: readonly string[];
}

interface AppliedMigration {
  readonly version: number;
  readonly name: string;
  readonly breaking: boolean;
}

/** Held, until its transaction ends, by the process that migrates: the bytes of "tidemark". */
const migrationLock = '8388352689376948843';

/** How long DDL waits for a lock before it lets the queue behind it go on, and tries again. */
const lockTimeoutMs = 5_000;

/**
 * Brings the engine's own tables (schema `tidemark`) to this version, one transaction a migration; safe to call from
 * several processes at once. Destination tables are not touched. Throws TidemarkError 'Usage' when the database is newer
 * than this Tidemark and does not suit it, 'DestinationUnavailable' when it cannot be reached.
 */
export async function migrate(
  databaseUrlOrDb: string | Knex,
  migrations: readonly Migration[] = ownMigrations,
): Promise<Migrated> {
  const db = typeof databaseUrlOrDb === 'string' ? connectDatabase(databaseUrlOrDb, { poolSize: 1 }) : databaseUrlOrDb;
  try {
    const applied: string[] = [];
    let from: number | undefined;
    await assertEncoding(db);
    for (;;) {
      const step = await withRetry(() => inTransaction(db, (tx) => migrateOnce(tx, migrations)));
      from ??= step.found;
      if (step.ran === undefined) return { from, to: step.found, applied };
      applied.push(step.ran.name);
    }
  } catch (error) {
    throw destinationError(error);
  } finally {
    if (typeof databaseUrlOrDb === 'string') await db.destroy();
  }
}

/** Records hold characters of every script. Throws TidemarkError 'Usage' where the database could not keep them all. */
async function assertEncoding(db: Knex): Promise<void> {
  const { rows } = await db.raw(`select current_database() as name, current_setting('server_encoding') as encoding`);
  const { name, encoding } = rows[0];
  if (encoding === 'UTF8') return;
  throw new TidemarkError(
    'Usage',
    `The encoding of database ${name} is ${encoding}: Tidemark needs UTF8, since records hold characters of every script. Make another with: create database … template template0 encoding 'UTF8'`,
  );
}

/** Runs the first migration that is missing, if one is. */
async function migrateOnce(
  tx: Knex.Transaction,
  migrations: readonly Migration[],
): Promise<{ found: number; ran: Migration | undefined }> {
  await tx.raw('select pg_advisory_xact_lock(?)', [migrationLock]);
  await tx.raw(`select set_config('lock_timeout', ?, true)`, [`${lockTimeoutMs}ms`]);
  const known = await appliedMigrations(tx);
  if (known === undefined) await createMigrationsTable(tx);
  const applied = known ?? [];
  refuseNewer(applied, migrations);
  const found = newest(applied);
  const next = migrations.find((migration) => migration.version > found);
  if (next) {
    // knex would take a ? in the text for a binding
    await tx.raw(next.sql.replaceAll('?', '\\?'));
    await tx.raw('insert into tidemark.migrations (version, name, breaking) values (?, ?, ?)', [
      next.version,
      next.name,
      next.breaking,
    ]);
  }
  return { found, ran: next };
}

async function createMigrationsTable(tx: Knex.Transaction): Promise<void> {
  // 'if not exists' asks for the right to create schemas even where this one exists
  const { rows } = await tx.raw(`select to_regnamespace('tidemark') is null as missing`);
  if (rows[0].missing) await tx.raw('create schema tidemark');
  await tx.raw(`create table tidemark.migrations (
    version int primary key,
    name text not null,
    breaking boolean not null,
    applied_at timestamptz not null default now()
  )`);
}

/** Migrations that the database has had; undefined where Tidemark has never been. */
async function appliedMigrations(db: Knex): Promise<AppliedMigration[] | undefined> {
  const table = await db.raw(`select to_regclass('tidemark.migrations') is not null as there`);
  if (!table.rows[0].there) return undefined;
  const { rows } = await db.raw('select version, name, breaking from tidemark.migrations order by version');
  return rows;
}

function newest(applied: readonly { readonly version: number }[]): number {
  return applied.at(-1)?.version ?? 0;
}

function refuseNewer(applied: readonly AppliedMigration[], migrations: readonly Migration[]): void {
  const ours = newest(migrations);
  const breaking = applied.find((migration) => migration.version > ours && migration.breaking);
  if (breaking) {
    throw new TidemarkError(
      'Usage',
      `The database is at version ${newest(applied)} of Tidemark's tables, and its change ${breaking.version} ("${breaking.name}") does not suit this Tidemark, which knows version ${ours}: upgrade this worker or server`,
    );
  }
}

/**
 * Throws TidemarkError 'Usage' unless this Tidemark can work with the database's engine tables: when they are older, or
 * newer by a change that breaks older binaries. Called at start by workers, servers and commands.
 */
export async function assertSchema(db: Knex, migrations: readonly Migration[] = ownMigrations): Promise<void> {
  let applied: AppliedMigration[] | undefined;
  try {
    applied = await appliedMigrations(db);
  } catch (error) {
    throw destinationError(error);
  }
  if (applied === undefined) {
    throw new TidemarkError('Usage', "The database has no Tidemark tables yet: run 'tidemark migrate'");
  }
  refuseNewer(applied, migrations);
  if (newest(applied) < newest(migrations)) {
    throw new TidemarkError(
      'Usage',
      `The database is at version ${newest(applied)} of Tidemark's tables, this Tidemark needs ${newest(migrations)}: run 'tidemark migrate'`,
    );
  }
}
