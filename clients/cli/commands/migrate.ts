import { type AddCommand, addCommand, perform } from '../command';

export const addMigrate: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'migrate',
    summary: "bring the engine's own tables, and Temporal's search attributes, to this version",
    details: "Safe to run at any time and from several places at once; 'up' does it by itself.",
    examples: ['migrate', 'migrate --json'],
  }).action(
    perform(onEnd, async (shell) => {
      const { runMigrate } = await import('../processes/migrate.js');
      await runMigrate(shell);
      return undefined;
    }),
  );
};
