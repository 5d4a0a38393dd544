import type { Command } from 'commander';

/** Every command in the order in which an operator needs them: `--help` and the documents list them so. */
const order = [
  ...['init', 'up', 'demo', 'connect', 'connections'],
  ...['status', 'sync', 'reconcile', 'record', 'touch', 'explain', 'verify', 'probe', 'audit', 'doctor'],
  ...['runs', 'outcome', 'cancel', 'resume', 'plans', 'approve', 'reject', 'undo'],
  ...[
    'rows',
    'rollups',
    'set-aside',
    'webhooks',
    'schedules',
    'cursor',
    'backfill',
    'remap',
    'import',
    'imports',
    'forget',
  ],
  ...['migrate', 'worker', 'server'],
];

/** Sorts by name. What is not in the list comes last. */
export function inOrder<T>(items: readonly T[], nameOf: (item: T) => string): T[] {
  const place = (item: T) => (order.indexOf(nameOf(item)) + order.length + 1) % (order.length + 1);
  return [...items].sort((a, b) => place(a) - place(b));
}

/** Has `--help` list the commands in their order. */
export function listInOrder(program: Command): Command {
  return program.configureHelp({
    visibleCommands: (command) => inOrder(command.commands, (one) => (command === program ? one.name() : '')),
  });
}
