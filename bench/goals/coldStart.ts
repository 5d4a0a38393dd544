import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Goal } from '../bench';
import { encryptionKey } from '../engine';
import { median, timed } from '../measure';
import { row, seconds } from '../row';

const run = promisify(execFile);

/** Commands from a cold process. */
export const coldStart: Goal = {
  numbers: [14],
  about: 'commands from cold',
  async measure(bench) {
    const databaseUrl = await bench.newDatabase();
    const env = {
      PATH: process.env.PATH,
      HOME: bench.servers.folder,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: bench.temporalAddress,
      OAUTH_ENCRYPTION_KEY: encryptionKey,
    };
    const main = join(__dirname, '..', '..', 'clients', 'cli', 'main.js');
    const found = [];
    for (const command of ['status', '--help']) {
      const times: number[] = [];
      for (let round = 0; round < (bench.quick ? 3 : 11); round++) {
        const { milliseconds } = await timed(() =>
          run(process.execPath, [main, command], { env, cwd: bench.servers.folder }),
        );
        times.push(milliseconds);
      }
      const bare = await timed(() => run(process.execPath, ['-e', ''], { env }));
      found.push(
        row(
          14,
          `tidemark ${command} from cold`,
          {
            ours: seconds(median(times)),
            reference: `node alone ${seconds(bare.milliseconds)}`,
            ratio: median(times) / 1_000,
          },
          { atMost: 0.5, unit: ' s' },
        ),
      );
    }
    return found;
  },
};
