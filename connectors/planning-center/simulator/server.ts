import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { handleApi } from './api';
import { Clock } from './clock';
import { SimulatorControl } from './control';
import { handleControl } from './controlServer';
import { Faults } from './faults';
import { Journal } from './journal';
import { seededRandom } from './random';
import { documentedRateLimit, RateLimiter, type RateLimitSetting } from './rateLimit';
import { type Happening, Records } from './records';
import { RequestLog } from './requestLog';
import { donationsResource, peopleResource } from './resources';
import { StaleReads } from './staleReads';
import { Webhooks } from './webhooks';

export interface SimulatorOptions {
  /** default: a free one */
  readonly port?: number | undefined;
  /** seeded people, 0 to 1,000,000 */
  readonly people: number;
  /** seeded donations, 0 to 1,000,000 */
  readonly donations: number;
  readonly appId: string;
  readonly secret: string;
  /** default: as documented; false for none */
  readonly rateLimit?: RateLimitSetting | false | undefined;
  readonly latencyMs?: number | undefined;
  /** a file that keeps the changes over the seed; without it they end with the process */
  readonly journal?: string | undefined;
  /** seeds everything that happens by chance */
  readonly seed?: number | undefined;
}

export interface Simulator {
  /** `http://127.0.0.1:<port>`, to be used as the connection's base URL */
  readonly url: string;
  readonly control: SimulatorControl;
  stop(): Promise<void>;
}

/** Starts a Planning Center that lives on this machine. Rejects when the port is taken or the journal belongs to another seed. */
export async function startPlanningCenterSimulator(options: SimulatorOptions): Promise<Simulator> {
  let origin = '';
  const clock = new Clock();
  const now = () => clock.now();
  const random = seededRandom(options.seed ?? 1);
  const stale = new StaleReads(random);
  const webhooks = new Webhooks(random, now);
  const tell = ({ name, recordId, payload, wanted }: Happening) => {
    if (wanted ?? webhooks.setting.auto) void webhooks.emit(name, recordId, payload);
  };
  const resources = {
    people: peopleResource(options.people),
    donations: donationsResource(options.donations, options.people),
  };
  const records = new Records(resources, stale, now, () => origin, tell);
  const limiter = new RateLimiter(options.rateLimit === false ? undefined : (options.rateLimit ?? documentedRateLimit));
  const parts = { records, clock, log: new RequestLog(), faults: new Faults(random), limiter, stale, webhooks };
  const control = new SimulatorControl(parts);
  control.latencyMs = options.latencyMs ?? 0;
  if (options.journal !== undefined) {
    const size = { people: options.people, donations: options.donations };
    records.journal = Journal.open(options.journal, size, (mutation) => records.replay(mutation));
  }

  const api = { ...parts, control, authorization: basic(options.appId, options.secret), sleep };
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', origin);
    if (url.pathname === '/control' || url.pathname.startsWith('/control/')) {
      await handleControl(control, request, response, url);
    } else await handleApi(api, request, response, url);
  };
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      // a fault of the simulator itself: said plainly, so that a test does not take it for the source's behaviour
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      if (!response.headersSent) response.writeHead(599, { 'Content-Type': 'text/plain' });
      response.end(`the simulator failed: ${message}\n`);
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url: origin,
    control,
    stop: async () => {
      webhooks.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      records.journal?.close();
    },
  };
}

function basic(appId: string, secret: string): string {
  return `Basic ${Buffer.from(`${appId}:${secret}`).toString('base64')}`;
}
