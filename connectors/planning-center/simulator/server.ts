import { Clock } from '../../simulator/clock';
import { Faults } from '../../simulator/faults';
import { Journal } from '../../simulator/journal';
import { seededRandom } from '../../simulator/random';
import { RequestLog } from '../../simulator/requestLog';
import { startServer } from '../../simulator/server';
import { StaleReads } from '../../simulator/staleReads';
import { errorAnswer } from './answer';
import { answerApi } from './api';
import { SimulatorControl } from './control';
import { controlRoutes } from './controlRoutes';
import { documentedRateLimit, RateLimiter, type RateLimitSetting } from './rateLimit';
import { type Happening, Records } from './records';
import { donationsResource, peopleResource } from './resources';
import { Webhooks } from './webhooks/webhooks';

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
  const parts = {
    records,
    clock,
    log: new RequestLog(recordsTogether),
    faults: new Faults(random),
    limiter,
    stale,
    webhooks,
  };
  const control = new SimulatorControl(parts);
  control.latencyMs = options.latencyMs ?? 0;
  if (options.journal !== undefined) {
    const size = { planningCenterSimulator: 1, people: options.people, donations: options.donations };
    records.journal = Journal.open(options.journal, size, (mutation) => records.replay(mutation));
  }

  const api = { ...parts, control, authorization: basic(options.appId, options.secret) };
  const server = await startServer({
    api: { ...api, answer: (request, url, faults) => answerApi(api, request, url, faults), errorAnswer },
    control,
    routes: controlRoutes,
    port: options.port,
  });
  origin = server.url;

  return {
    url: origin,
    control,
    stop: async () => {
      webhooks.stop();
      await server.close();
      records.journal?.close();
    },
  };
}

/** The path of a single record without its id. */
function recordsTogether(path: string): string {
  return path.replace(/^(\/\w+\/v2\/\w+)\/.+/, '$1/{id}');
}

function basic(appId: string, secret: string): string {
  return `Basic ${Buffer.from(`${appId}:${secret}`).toString('base64')}`;
}
