import { marianaTek } from '../../connectors/mariana-tek/connector';
import { type MarianaTekSimulator, startMarianaTekSimulator } from '../../connectors/mariana-tek/simulator';
import type { Connector } from '../../schema/definition/connector';
import { atEnd } from '../environment';
import { type Engine, startEngine } from '../support/engine';
import { quick } from '../support/quick';

export const account = {
  ...{ username: 'ada', password: 'pass', apiKey: 'the-key' },
  ...{ clientId: 'client', clientSecret: 'client-secret' },
};
/** What connections have; the simulated brands accept either. */
export const byPassword = { username: account.username, password: account.password };
export const byKey = { apiKey: account.apiKey };

export interface Studio {
  readonly simulator: MarianaTekSimulator;
  readonly control: MarianaTekSimulator['control'];
  readonly engine: Engine;
}

export interface StudioOptions {
  readonly customers?: number;
  readonly bookings?: number;
  readonly brand?: 'harbour' | 'summit';
  readonly secrets?: Readonly<Record<string, string>>;
  readonly connector?: Connector;
}

/** The same connector with polls of jobs that need not be waited for. */
export function quickReports(connector: Connector): Connector {
  const { entities, ...rest } = quick(connector);
  const polled = <L extends { readonly report?: unknown } | undefined>(listing: L): L => {
    if (listing?.report === undefined) return listing;
    const report = listing.report as { readonly poll: object };
    return { ...listing, report: { ...report, poll: { ...report.poll, every: '100ms' } } };
  };
  const faster = [...entities].map(([name, entity]) => {
    const { all, changes, ids, one } = entity.listings;
    return [name, { ...entity, listings: { all: polled(all), changes: polled(changes), ids, one } }] as const;
  });
  return { ...rest, entities: new Map(faster) };
}

/** For tests: an engine with one connection, `demo`, over two simulated brands, `harbour` and `summit`, whose reports have other headers. */
export async function startStudio(options: StudioOptions = {}): Promise<Studio> {
  const { customers = 60, bookings = 240, brand = 'harbour', secrets = byPassword } = options;
  const simulator = await startMarianaTekSimulator({
    brands: [
      { name: 'harbour', customers, bookings, ...account },
      { name: 'summit', customers, bookings, edition: 'renamed', ...account },
    ],
    rateLimit: false,
  });
  atEnd(() => simulator.stop());
  const settings = { baseUrl: simulator.urls[brand] ?? '' };
  const connector = options.connector ?? quickReports(marianaTek);
  return { simulator, control: simulator.control, engine: await startEngine({ connector, settings, secrets }) };
}
