import { type AddCommand, addCommand, perform } from '../command';
import { resolveEnvironment } from '../terminal/session';

export const addMigrate: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'migrate',
    summary: "bring the engine's own tables, and Temporal's search attributes, to this version",
    details: "Safe to run at any time and from several places at once; 'up' does it by itself.",
    examples: ['migrate', 'migrate --json'],
  }).action(
    perform(onEnd, async (shell) => {
      const { readSettings } = await import('../../../schema/settings.js');
      const settings = readSettings(await resolveEnvironment(shell));
      const { migrate } = await import('../../../destination/database/migrate.js');
      const migrated = await migrate(settings.databaseUrl ?? '');
      const { connectTemporal } = await import('../../temporal/temporal.js');
      const { registerSearchAttributes } = await import('../../temporal/searchAttributes.js');
      const { connection, client } = await connectTemporal(settings);
      const searchAttributes = await registerSearchAttributes(client).finally(() => connection.close());
      shell.result({ ...migrated, searchAttributes }, () => {
        const tables =
          migrated.applied.length === 0
            ? `The database is at version ${migrated.to} already.`
            : `Migrated the database from version ${migrated.from} to ${migrated.to}: ${migrated.applied.join(', ')}.`;
        return `${tables}\n${searchAttributes.reason ?? "Temporal's search attributes are registered."}`;
      });
      return undefined;
    }),
  );
};
