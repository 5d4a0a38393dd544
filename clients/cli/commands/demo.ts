import { Argument } from 'commander';
import { type AddCommand, addCommand, perform } from '../command';

export const addDemo: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'demo',
    summary: 'prove the main job from nothing, step by step, and remove everything again',
    details: [
      'In a temporary folder, with a PostgreSQL, a Temporal and a simulated source of its own: first sync, a change found by',
      'a delta, a delete found by a reconciliation, a record created, updated and deleted by webhooks. Each step says what',
      'was expected and what is in the table. Exit status 0 when all agree, else 1. With service-titan, a tenant of 30,000',
      'customers: requests per changed customer, contacts that change alone, revoked tokens, the cursor, time and memory.',
      'With mariana-tek, two brands: reports that are jobs, headers that differ, wrong credentials, time and memory.',
    ].join('\n'),
    examples: ['demo', 'demo service-titan', 'demo mariana-tek', 'demo --json'],
  })
    .addArgument(
      new Argument('[source]', 'which source is simulated')
        .choices(['planning-center', 'service-titan', 'mariana-tek'])
        .default('planning-center'),
    )
    .action(
      perform(onEnd, async (shell, _options, source: string) => {
        if (source === 'service-titan') {
          const { demoServiceTitan } = await import('../processes/demo/serviceTitan.js');
          return demoServiceTitan(shell);
        }
        if (source === 'mariana-tek') {
          const { demoMarianaTek } = await import('../processes/demo/marianaTek.js');
          return demoMarianaTek(shell);
        }
        const { demo } = await import('../processes/demo/demo.js');
        return demo(shell);
      }),
    );
};
