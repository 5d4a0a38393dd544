import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { loadSecrets, type Secrets } from '../../../../destination/connections/secrets';
import { readJson, writeWhole } from '../../../../local/files';
import { choosePort } from '../../../../local/ports';
import { scriptArguments } from '../../../../local/script';
import type { Stack } from '../../../../local/stack';
import { untilReady } from '../../../../local/supervise';
import type { Connection } from '../../../../schema/connection';
import type { LoadedConfig } from '../../../config';
import { connect, connectionsChange } from '../../../operations/connect';
import { allConnections } from '../../../operations/connections/showConnection';
import type { By, OperationContext } from '../../../operations/definition/context';
import { perform } from '../../../operations/definition/operation';
import { ringOf } from '../../../operations/work/ring';
import { answersHttp } from './ready';

export interface DemoOptions {
  /** seeded people, and as many donations */
  readonly people: number;
  /** how often deltas run */
  readonly delta: string;
}

/** The demo's source: a simulated Planning Center on this machine, and the connection to it. */
export interface Demo {
  readonly connectionId: string;
  /** false: it was there already */
  readonly created: boolean;
  readonly simulatorUrl: string;
  readonly webhookSecret: string;
  readonly addresses: Readonly<Record<string, string>>;
}

interface StartDemo {
  readonly stack: Stack;
  readonly context: OperationContext;
  readonly by: By;
  readonly config: LoadedConfig;
  readonly apiUrl: string;
  readonly onProgress: (sentence: string) => void;
  readonly options: DemoOptions;
}

export const demoConnectionId = 'demo';
const demoConnector = 'planning_center';

/** The simulator's journal belongs to its seed, so a folder keeps the seed that it began with. */
const seed = z.object({ people: z.int().min(0) });

const simulator = join(__dirname, '..', '..', '..', '..', 'connectors', 'planning-center', 'simulator', 'main');

/**
 * Starts the demo's source where there is a demo connection, or where there is no connection at all and nobody's own
 * config; undefined elsewhere.
 */
export async function startDemo(start: StartDemo): Promise<Demo | undefined> {
  const { stack, context, by, config, apiUrl, onProgress, options } = start;
  const { connections } = await allConnections(context);
  const present = connections.find(isDemo);
  if (present === undefined && (connections.length > 0 || config.file !== undefined)) return undefined;

  const ring = await ringOf(context);
  const secrets = present === undefined ? newSecrets() : await loadSecrets(context.db, ring, present.id);
  const last = present === undefined ? undefined : Number(new URL(String(present.settings.baseUrl)).port);
  const port = await choosePort(...(last === undefined ? [] : [last]), 4010);
  const simulatorUrl = `http://127.0.0.1:${port}`;
  await startSimulator(stack, port, `${apiUrl}/webhooks/${demoConnectionId}`, secrets, options);

  const settings = { baseUrl: simulatorUrl };
  if (present === undefined) {
    const delta = { delta: { every: options.delta } };
    const schedules = { people: delta, donations: delta };
    const made = { connection: demoConnectionId, connector: demoConnector, settings, secrets, schedules };
    await perform(connect, context, made, by);
    onProgress(`Demo: connection '${demoConnectionId}' to a simulated Planning Center with ${options.people} people`);
  } else if (present.settings.baseUrl !== simulatorUrl && isRegistered(config)) {
    // another port is another server, for which the secrets are given again
    await perform(connectionsChange, context, { connection: present.id, settings, secrets }, by);
  }
  return {
    connectionId: demoConnectionId,
    created: present === undefined,
    simulatorUrl,
    webhookSecret: secrets.webhookSecret ?? '',
    addresses: { simulator: simulatorUrl, simulatorControl: `${simulatorUrl}/control` },
  };
}

/** Only the connection that we made: one of this name to anywhere else is its owner's. */
function isDemo({ id, connector, settings }: Pick<Connection, 'id' | 'connector' | 'settings'>): boolean {
  return (
    id === demoConnectionId && connector === demoConnector && String(settings.baseUrl).startsWith('http://127.0.0.1:')
  );
}

/** A config of the user's own may have left it out; nothing runs for the demo then. */
function isRegistered({ connectors }: LoadedConfig): boolean {
  return connectors.some(({ name }) => name === demoConnector);
}

function newSecrets(): Secrets {
  const random = () => randomBytes(16).toString('hex');
  return { appId: `demo-${randomBytes(4).toString('hex')}`, secret: random(), webhookSecret: random() };
}

async function startSimulator(
  stack: Stack,
  port: number,
  webhookUrl: string,
  secrets: Secrets,
  options: DemoOptions,
): Promise<void> {
  const home = join(stack.folder, '.tidemark');
  const seedFile = join(home, 'demo.json');
  const { people } = readJson(seedFile, seed) ?? { people: options.people };
  writeWhole(seedFile, `${JSON.stringify({ people })}\n`);
  const child = stack.run(
    'simulator',
    [
      ...scriptArguments(simulator),
      ...['--port', String(port), '--people', String(people), '--donations', String(people)],
      ...['--journal', join(home, 'demo.journal'), '--webhook-url', webhookUrl],
    ],
    {
      PLANNING_CENTER_APP_ID: secrets.appId,
      PLANNING_CENTER_SECRET: secrets.secret,
      PLANNING_CENTER_WEBHOOK_SECRET: secrets.webhookSecret,
    },
  );
  await untilReady(child, () => answersHttp(`http://127.0.0.1:${port}/control/status`));
}
