import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { atEnd, testSettings } from '../../environment';
import { type Engine, encryptionKey } from '../engine';

export interface ChildWorkerInput {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly workflowBundle: string;
  readonly key: string;
  /** whose connector it works for */
  readonly connector: 'planning-center' | 'acme' | 'shop_capped' | 'shop_posted';
}

export interface ChildWorker {
  /** resolves when it is gone */
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
}

/** The connectors that have a name of their own here; any other one is Planning Center. */
const named = ['acme', 'shop_capped', 'shop_posted'] as const;

/** Starts a worker of the engine's connector, Planning Center, `tokenList` or `shop`, in a process of its own, from the sources, on the engine's queue. */
export async function startChildWorker({ database, temporal, taskQueue, connector }: Engine): Promise<ChildWorker> {
  const input: ChildWorkerInput = {
    databaseUrl: database.url,
    temporalAddress: temporal.address,
    namespace: temporal.namespace,
    taskQueue,
    workflowBundle: testSettings().workflowBundle,
    key: encryptionKey,
    connector: named.find((name) => name === connector.name) ?? 'planning-center',
  };
  // jiti runs TypeScript as it stands, so that nothing has to be built before
  const jiti = join(dirname(require.resolve('jiti/package.json')), 'lib', 'jiti-cli.mjs');
  const child = spawn(process.execPath, [jiti, join(__dirname, 'childWorker.ts'), JSON.stringify(input)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  const exited = once(child, 'exit');
  atEnd(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  await Promise.race([
    once(child.stdout, 'data'),
    exited.then(() => Promise.reject(new Error(`the child worker ended at once: ${said}`))),
  ]);
  return {
    async kill(signal) {
      child.kill(signal);
      if (signal === 'SIGKILL') await exited;
    },
  };
}
