import { Clock } from '../../simulator/clock';
import { Faults } from '../../simulator/faults';
import { Journal } from '../../simulator/journal';
import { seededRandom } from '../../simulator/random';
import { RequestLog } from '../../simulator/requestLog';
import { type RunningServer, startServer } from '../../simulator/server';
import { StaleReads } from '../../simulator/staleReads';
import { errorAnswer } from './answers';
import { answerApi } from './api';
import { Brand, type Edition, type Mutation } from './brand';
import { MarianaTekControl } from './control';
import { controlRoutes } from './controlRoutes';
import { Jobs } from './jobs';
import { assumedRateLimit, RateLimiter, type RateLimitSetting } from './rateLimit';
import type { SeedSizes } from './seed';
import type { Served } from './served';
import { type Account, Tokens } from './tokens';

export interface BrandOptions extends Account, SeedSizes {
  readonly name: string;
  /** the headers of its reports; default `plain` */
  readonly edition?: Edition | undefined;
}

export interface SimulatorOptions {
  /** of the first brand; each further brand and then the storage host has the next one. Default: free ones */
  readonly port?: number | undefined;
  readonly brands: readonly BrandOptions[];
  /** default: as assumed; false for none */
  readonly rateLimit?: RateLimitSetting | false | undefined;
  readonly latencyMs?: number | undefined;
  /** the day around which classes were held, such as `2026-11-27`; default: today */
  readonly day?: string | undefined;
  /** a file that keeps the changes over the seed; without it they end with the process */
  readonly journal?: string | undefined;
}

export interface MarianaTekSimulator {
  /** by brand, the address of its API and token endpoint, which the real API has as `https://{brand}.marianatek.com` */
  readonly urls: Readonly<Record<string, string>>;
  /** address of the host of the documents */
  readonly storageUrl: string;
  readonly control: MarianaTekControl;
  stop(): Promise<void>;
}

/** Starts brands of Mariana Tek that live on this machine, each at a port of its own. Rejects when a port is taken. */
export async function startMarianaTekSimulator(options: SimulatorOptions): Promise<MarianaTekSimulator> {
  const clock = new Clock();
  const now = () => clock.now();
  const random = seededRandom(1);
  const day = Date.parse(options.day ?? new Date(now()).toISOString().slice(0, 10));
  if (Number.isNaN(day)) throw new Error(`the day must be like 2026-11-27, not '${options.day}'`);
  const brands = new Map(
    options.brands.map((brand, index): [string, Served] => [
      brand.name,
      {
        brand: new Brand(brand.name, brand, day, index + 1, brand.edition ?? 'plain'),
        tokens: new Tokens(brand, now),
      },
    ]),
  );
  const parts = {
    ...{ brands, clock, jobs: new Jobs(now) },
    log: new RequestLog(recordsTogether),
    faults: new Faults(random),
    stale: new StaleReads(random),
    limiter: new RateLimiter(options.rateLimit === false ? undefined : (options.rateLimit ?? assumedRateLimit)),
  };
  const control = new MarianaTekControl(parts);
  control.latencyMs = options.latencyMs ?? 0;
  if (options.journal !== undefined) {
    const sizes = options.brands.map(({ name, customers, bookings }) => [name, customers * 10_000_000 + bookings]);
    const seed = { marianaTekSimulator: 1, day: day / 86_400_000, ...Object.fromEntries(sizes) };
    control.journal = Journal.open<Mutation>(options.journal, seed, (mutation) => control.replay(mutation));
  }
  const servers: RunningServer[] = [];
  const serve = async (answer: Parameters<typeof startServer>[0]['api']['answer']): Promise<string> => {
    const port = options.port === undefined ? undefined : options.port + servers.length;
    const api = { ...parts, control, answer, errorAnswer };
    const server = await startServer({ api, control, routes: controlRoutes, port });
    servers.push(server);
    return server.url;
  };
  const stop = async () => {
    await Promise.all(servers.map((server) => server.close()));
    control.journal?.close();
  };
  try {
    const urls: Record<string, string> = {};
    for (const [name, served] of brands) {
      urls[name] = await serve((request, url, faults) => answerApi(parts, served, request, url, faults));
    }
    parts.jobs.storageUrl = await serve((request, url) => parts.jobs.storage(request, url));
    return { urls, storageUrl: parts.jobs.storageUrl, control, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The path without ids. */
function recordsTogether(path: string): string {
  return path.replace(/\/\d+(?=\/|\.json|$)/g, '/{id}');
}
