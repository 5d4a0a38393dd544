import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { z } from 'zod';
import {
  createConnection,
  listConnections,
  type StoredConnection,
  updateConnection,
} from '../../../../destination/connections/connections';
import { keyRing, loadSecrets, type Secrets, saveSecrets } from '../../../../destination/connections/secrets';
import { readJson, writeWhole } from '../../../../local/files';
import { choosePort } from '../../../../local/ports';
import { scriptArguments } from '../../../../local/script';
import type { Stack } from '../../../../local/stack';
import { untilReady } from '../../../../local/supervise';
import type { Settings } from '../../../../schema/settings';
import type { LoadedConfig } from '../../../config';
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
  readonly db: Knex;
  readonly settings: Settings;
  readonly config: LoadedConfig;
  readonly apiUrl: string;
  readonly onProgress: (sentence: string) => void;
  readonly options: DemoOptions;
}

export const demoConnectionId = 'demo';

/** The simulator's journal belongs to its seed, so a folder keeps the seed that it began with. */
const seed = z.object({ people: z.int().min(0) });

const simulator = join(__dirname, '..', '..', '..', '..', 'connectors', 'planning-center', 'simulator', 'main');

/**
 * Starts the demo's source where there is a demo connection, or where there is no connection at all and nobody's own
 * config; undefined elsewhere.
 */
export async function startDemo(start: StartDemo): Promise<Demo | undefined> {
  const { stack, db, settings, config, apiUrl, onProgress, options } = start;
  const connections = await listConnections(db);
  const present = connections.find(isDemo);
  if (present === undefined && (connections.length > 0 || config.file !== undefined)) return undefined;

  const ring = keyRing(settings.encryptionKey);
  const secrets = present === undefined ? newSecrets() : await loadSecrets(db, ring, present.id);
  const last = present === undefined ? undefined : Number(new URL(String(present.settings.baseUrl)).port);
  const port = await choosePort(...(last === undefined ? [] : [last]), 4010);
  const simulatorUrl = `http://127.0.0.1:${port}`;
  await startSimulator(stack, port, `${apiUrl}/webhooks/${demoConnectionId}`, secrets, options);

  if (present === undefined) {
    await db.transaction(async (tx) => {
      await createConnection(tx, {
        id: demoConnectionId,
        connector: 'planning_center',
        settings: { baseUrl: simulatorUrl },
        schedules: { people: { delta: { every: options.delta } }, donations: { delta: { every: options.delta } } },
      });
      await saveSecrets(tx, ring, demoConnectionId, secrets);
    });
    onProgress(`Demo: connection '${demoConnectionId}' to a simulated Planning Center with ${options.people} people`);
  } else if (present.settings.baseUrl !== simulatorUrl) {
    await updateConnection(db, present.id, { settings: { ...present.settings, baseUrl: simulatorUrl } });
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
function isDemo({ id, connector, settings }: StoredConnection): boolean {
  return (
    id === demoConnectionId &&
    connector === 'planning_center' &&
    String(settings.baseUrl).startsWith('http://127.0.0.1:')
  );
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
