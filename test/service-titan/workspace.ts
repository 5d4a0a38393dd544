import { startServer } from '../../clients/server';
import { serviceTitan } from '../../connectors/service-titan/connector';
import { type ServiceTitanSimulator, startServiceTitanSimulator } from '../../connectors/service-titan/simulator';
import { createConnection } from '../../destination/connections/connections';
import { saveSecrets } from '../../destination/connections/secrets';
import type { Connector } from '../../schema/definition/connector';
import { readSettings } from '../../schema/settings/settings';
import { type RunResult, taskQueue, workflowNames } from '../../schema/workflows';
import { atEnd } from '../environment';
import { type Engine, encryptionKey, ring, startEngine } from '../support/engine';
import { quick } from '../support/quick';

/** The tenant of the connection `demo`. */
export const tenant = '410387862';
const appKey = 'app-key';

export interface Workspace {
  readonly simulator: ServiceTitanSimulator;
  readonly control: ServiceTitanSimulator['control'];
  readonly engine: Engine;
  /** Adds a connection for another tenant, which the simulator must have. */
  connect(connectionId: string, ofTenant: string): Promise<void>;
  /** Runs a delta of one connection. */
  delta(connectionId: string, entity: string): Promise<RunResult>;
}

const accountOf = (name: string) => ({ tenant: name, clientId: `client-${name}`, clientSecret: `secret-${name}` });

export interface WorkspaceOptions {
  /** customers of the first tenant */
  readonly customers: number;
  /** further tenants, each with this many customers */
  readonly others?: Readonly<Record<string, number>>;
  readonly connector?: Connector;
  readonly rateLimit?: Parameters<typeof startServiceTitanSimulator>[0]['rateLimit'];
}

/** For tests: an engine with one connection, `demo`, over a simulated ServiceTitan. */
export async function startWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const { customers, others = {}, connector = quick(serviceTitan), rateLimit = false } = options;
  const tenants = Object.entries({ [tenant]: customers, ...others }).map(([name, count]) => ({
    ...accountOf(name),
    customers: count,
  }));
  const simulator = await startServiceTitanSimulator({ tenants, appKey, rateLimit });
  atEnd(() => simulator.stop());
  const settingsOf = (name: string) => ({ tenant: name, baseUrl: simulator.url, authUrl: simulator.url });
  const secretsOf = (name: string) => {
    const { clientId, clientSecret } = accountOf(name);
    return { clientId, clientSecret, appKey };
  };
  const engine = await startEngine({ connector, settings: settingsOf(tenant), secrets: secretsOf(tenant) });
  return {
    ...{ simulator, control: simulator.control, engine },
    async connect(connectionId, ofTenant) {
      await createConnection(engine.db, {
        ...{ id: connectionId, connector: connector.name, settings: settingsOf(ofTenant) },
      });
      await saveSecrets(engine.db, ring, connectionId, secretsOf(ofTenant));
    },
    async delta(connectionId, entity) {
      const input = { connectionId, entity, full: false, trigger: 'api' };
      return (await engine.start<RunResult>(workflowNames.deltaSync, input)).result();
    },
  };
}

export interface Asked {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const key = 'the-key-of-the-api';

/** A server over the engine, and a function that asks it. `withKey` false: as somebody without the key does. */
export async function startApi({ engine }: Pick<Workspace, 'engine'>) {
  // what the server starts is on the usual queue
  await engine.startWorker({ taskQueue });
  const { db, temporal, connector } = engine;
  const server = await startServer({
    settings: readSettings({
      ...{ OAUTH_ENCRYPTION_KEY: encryptionKey, TIDEMARK_API_KEY: key, PORT: '0', LOG_LEVEL: 'silent' },
    }),
    config: { connectors: [connector] },
    ...{ db, temporal, taskQueue },
  });
  atEnd(() => server.close());
  return async (request: string, body?: object, { withKey = true } = {}): Promise<Asked> => {
    const [method = 'GET', path = ''] = request.split(' ');
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: {
        ...(withKey ? { authorization: `Bearer ${key}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
}
