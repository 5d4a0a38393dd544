import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import { keyRing } from '../../../../destination/connections/secrets';
import { connectDatabase } from '../../../../destination/database/database';
import { migrate } from '../../../../destination/database/migrate';
import { scriptArguments } from '../../../../local/script';
import { type Stack, startStack } from '../../../../local/stack';
import { type SupervisedChild, untilReady } from '../../../../local/supervise';
import { readSettings, type Settings } from '../../../../schema/settings/settings';
import { workerEnvironment } from '../../../../workers/environment';
import { type LoadedConfig, loadConfig } from '../../../config';
import { readyContext } from '../../../operations/definition/context';
import { agreeWithDatabase } from '../../../schedules/agreeWithDatabase';
import { registerSearchAttributes } from '../../../temporal/searchAttributes';
import { connectTemporal } from '../../../temporal/temporal';
import { actor } from '../../terminal/actor';
import { type Demo, type DemoOptions, startDemo } from './demoSource';
import { answersHttp, choosePorts, workerAnswers } from './ready';
import { connectReady } from './readyConnections';

export interface UpOptions {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly configFile: string | undefined;
  /** undefined: no demo, and no connection that nobody asked for */
  readonly demo: DemoOptions | undefined;
  readonly onProgress: (sentence: string) => void;
}

/** Everything runs: what the command needs of it. */
export interface Up {
  readonly stack: Stack;
  readonly settings: Settings;
  readonly config: LoadedConfig;
  readonly db: Knex;
  readonly client: Client;
  readonly demo: Demo | undefined;
  /** connections that were made just now, beside the demo's */
  readonly made: readonly string[];
  /** `http://host:port` */
  readonly apiUrl: string;
  readonly worker: SupervisedChild;
  /** Ends everything in order. */
  stop(): Promise<void>;
}

const program = join(__dirname, '..', '..', 'main');

/** Starts everything in a folder, or goes on with what was there: the engine, its connections, and the demo's source. */
export async function bringUp(options: UpOptions): Promise<Up> {
  const { folder, env, configFile, onProgress } = options;
  // wrong settings and a wrong config are reported before anything starts
  readSettings(env);
  const config = await loadConfig(folder, configFile);
  const stack = await startStack({ folder, env, onProgress });
  const settings = readSettings(stack.env);
  const db = connectDatabase(stack.databaseUrl, { poolSize: 4, applicationName: 'tidemark up' });
  const closing: (() => Promise<unknown>)[] = [() => stack.stop(), () => db.destroy()];
  const stop = async () => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  try {
    const { applied } = await migrate(db);
    if (applied.length > 0) onProgress(migratedText(applied));
    const temporal = await connectTemporal(settings);
    closing.push(() => temporal.connection.close());
    const { reason } = await registerSearchAttributes(temporal.client);
    if (reason !== null) onProgress(reason);

    const port = await choosePorts(stack, env.PORT ? settings.port : undefined);
    const apiUrl = `http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${port}`;
    const { connectors } = config;
    const ring = keyRing(settings.encryptionKey);
    const context = readyContext({ db, connectors, client: temporal.client, ring, temporalAddress: temporal.address });
    const by = { actor: actor(), reason: 'tidemark up' };
    const common = { context, by, config, onProgress };
    const demo = options.demo && (await startDemo({ ...common, stack, apiUrl, options: options.demo }));
    const made = options.demo ? await connectReady({ ...common, env }) : [];
    await agreeWithDatabase(db, temporal.client, connectors);

    const args = configFile === undefined ? [] : ['--config', configFile];
    const startedAt = Date.now();
    const worker = stack.run('worker', [...scriptArguments(program), 'worker', ...args], workerEnvironment);
    const server = stack.run('server', [...scriptArguments(program), 'server', ...args], { PORT: String(port) });
    await untilReady(server, () => answersHttp(`${apiUrl}/readyz`));
    await untilReady(worker, () => workerAnswers(temporal.client, startedAt));
    stack.announce({ api: apiUrl, webhooks: `${apiUrl}/webhooks/<connection>`, ...demo?.addresses });
    return { stack, settings, config, db, client: temporal.client, demo, made, apiUrl, worker, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A new database gets every migration, an old one a few with names worth reading. */
function migratedText(applied: readonly string[]): string {
  if (applied.length > 3) return `PostgreSQL: ${applied.length} migrations applied`;
  return `PostgreSQL: migrated (${applied.join(', ')})`;
}
