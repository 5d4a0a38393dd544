import { type AddCommand, addCommand, perform } from '../command';

export const addDemo: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'demo',
    summary: 'prove the main job from nothing, step by step, and remove everything again',
    details: [
      'In a temporary folder, with a PostgreSQL, a Temporal and a simulated source of its own: first sync, a change found by',
      'a delta, a delete found by a reconciliation, a record created, updated and deleted by webhooks. Each step says what',
      'was expected and what is in the table. Exit status 0 when all agree, else 1.',
    ].join('\n'),
    examples: ['demo', 'demo --json'],
  }).action(
    perform(onEnd, async (shell) => {
      const { demo } = await import('../processes/demo/demo.js');
      return demo(shell);
    }),
  );
};
