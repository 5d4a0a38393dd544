import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import type { KeyRing } from '../../../destination/connections/secrets';
import type { Connector } from '../../../schema/definition/connector';

/** What the operations work with. */
export interface ApiContext {
  readonly db: Knex;
  readonly client: Client;
  readonly connectors: readonly Connector[];
  readonly taskQueue: string | undefined;
  /** seals and opens the secrets of connections */
  readonly ring: KeyRing;
  /** of Temporal, for messages */
  readonly temporalAddress: string;
}
