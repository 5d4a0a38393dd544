import { type AddCommand, addCommand, perform } from '../command';
import type { UpCommandOptions } from '../processes/up/up';
import { durationText, wholeNumber } from '../terminal/values';

export const addUp: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'up',
    summary: 'start everything in this folder and keep it running',
    details: [
      'PostgreSQL, Temporal with its UI, a worker, the HTTP server and, where there is neither a connection nor a',
      'tidemark.config.ts, a demo: a simulated Planning Center and a connection to it. Data are stored in .tidemark/.',
      'With a config and no connection yet, connectors that need nothing to be asked for are connected under their names.',
      'DATABASE_URL and TEMPORAL_ADDRESS name servers of your own. Started again it goes on with what it had.',
    ].join('\n'),
    examples: ['up', 'up --no-demo', 'PORT=9000 tidemark up'],
  })
    .option('--no-demo', 'no simulated source, and no connection that you did not make')
    .option('--demo-people <n>', 'size of a new demo', wholeNumber({ min: 10, max: 1_000_000 }), 1000)
    .option('--demo-delta <interval>', 'how often deltas of a new demo run', durationText, '15s')
    .action(
      perform(onEnd, async (shell, options: UpCommandOptions) => {
        const { up } = await import('../processes/up/up.js');
        return up(shell, options);
      }),
    );
};
