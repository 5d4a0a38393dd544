import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import type { Logger } from 'pino';
import type { KeyRing } from '../destination/connections/secrets';
import type { Connector } from '../schema/definition/connector';
import type { DatabaseClock } from '../schema/ports';
import type { ProxyFor } from '../schema/settings/proxies';
import type { Metrics } from './metrics';

/** What activities work with; made once by the worker. */
export interface ActivityDeps {
  readonly db: Knex;
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly keyRing: KeyRing;
  readonly clock: DatabaseClock;
  /** asks Temporal how a run ended, and starts workflows from the sweep */
  readonly temporal: Client;
  readonly taskQueue: string;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** how long a source may be unreachable without any progress before a run fails; the next one tries again */
  readonly giveUpAfterMs: number;
  /** the proxy through which a source is reached; undefined: none */
  readonly proxyFor?: ProxyFor | undefined;
}
