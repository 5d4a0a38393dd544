import { Clock } from '../../simulator/clock';
import { Faults } from '../../simulator/faults';
import { Journal } from '../../simulator/journal';
import { seededRandom } from '../../simulator/random';
import { RequestLog } from '../../simulator/requestLog';
import { startServer } from '../../simulator/server';
import { StaleReads } from '../../simulator/staleReads';
import { errorAnswer } from './answers';
import { answerApi } from './api';
import { Changes, type Mutation } from './changes';
import { ServiceTitanControl } from './control';
import { controlRoutes } from './controlRoutes';
import { documentedRateLimit, RateLimiter, type RateLimitSetting } from './rateLimit';
import { Tenant } from './tenant';
import { type Account, Tokens } from './tokens';

export interface TenantOptions extends Account {
  /** seeded customers, 0 to 1,000,000 */
  readonly customers: number;
}

export interface SimulatorOptions {
  /** default: a free one */
  readonly port?: number | undefined;
  readonly tenants: readonly TenantOptions[];
  readonly appKey: string;
  /** default: as documented; false for none */
  readonly rateLimit?: RateLimitSetting | false | undefined;
  readonly latencyMs?: number | undefined;
  /** a file that keeps the changes over the seed; without it they end with the process */
  readonly journal?: string | undefined;
  /** seeds everything that happens by chance */
  readonly seed?: number | undefined;
}

export interface ServiceTitanSimulator {
  /** `http://127.0.0.1:<port>`: address of the API and of the token endpoint */
  readonly url: string;
  readonly control: ServiceTitanControl;
  stop(): Promise<void>;
}

/** Starts a ServiceTitan that lives on this machine. Rejects when the port is taken or the journal belongs to another seed. */
export async function startServiceTitanSimulator(options: SimulatorOptions): Promise<ServiceTitanSimulator> {
  const clock = new Clock();
  const now = () => clock.now();
  const random = seededRandom(options.seed ?? 1);
  const stale = new StaleReads(random);
  const tenants = new Map(
    options.tenants.map(({ tenant, customers }, index) => [tenant, new Tenant(tenant, customers, index * 1000)]),
  );
  const changes = new Changes(tenants, stale, now);
  const parts = {
    tenants,
    changes,
    clock,
    stale,
    tokens: new Tokens(options.tenants, now),
    log: new RequestLog(recordsTogether),
    faults: new Faults(random),
    limiter: new RateLimiter(options.rateLimit === false ? undefined : (options.rateLimit ?? documentedRateLimit)),
  };
  const control = new ServiceTitanControl(parts, options.appKey);
  control.latencyMs = options.latencyMs ?? 0;
  if (options.journal !== undefined) {
    const sizes = Object.fromEntries(options.tenants.map(({ tenant, customers }) => [tenant, customers]));
    changes.journal = Journal.open<Mutation>(options.journal, { serviceTitanSimulator: 1, ...sizes }, (mutation) =>
      changes.replay(mutation),
    );
  }
  const api = { ...parts, control };
  const server = await startServer({
    api: { ...api, answer: (request, url, faults) => answerApi(api, request, url, faults), errorAnswer },
    control,
    routes: controlRoutes,
    port: options.port,
  });
  return {
    url: server.url,
    control,
    stop: async () => {
      await server.close();
      changes.journal?.close();
    },
  };
}

/** The path without tenant and ids. */
function recordsTogether(path: string): string {
  return path.replace(/^\/crm\/v2\/tenant\/[^/]+/, '').replace(/\/\d+(?=\/|$)/g, '/{id}');
}
