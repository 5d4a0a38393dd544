import { migrate } from '../../../destination/database/migrate';
import { readSettings } from '../../../schema/settings/settings';
import { registerSearchAttributes } from '../../temporal/searchAttributes';
import { connectTemporal } from '../../temporal/temporal';
import { resolveEnvironment } from '../terminal/session';
import type { Shell } from '../terminal/shell';

/** Migrates the engine's tables and registers the search attributes. */
export async function runMigrate(shell: Shell): Promise<void> {
  const settings = readSettings(await resolveEnvironment(shell));
  const migrated = await migrate(settings.databaseUrl ?? '');
  const { connection, client } = await connectTemporal(settings);
  const searchAttributes = await registerSearchAttributes(client).finally(() => connection.close());
  shell.result({ ...migrated, searchAttributes }, () => {
    const tables =
      migrated.applied.length === 0
        ? `The database is at version ${migrated.to} already.`
        : `Migrated the database from version ${migrated.from} to ${migrated.to}: ${migrated.applied.join(', ')}.`;
    return `${tables}\n${searchAttributes.reason ?? "Temporal's search attributes are registered."}`;
  });
}
