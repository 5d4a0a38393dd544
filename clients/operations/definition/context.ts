import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import type { KeyRing } from '../../../destination/connections/secrets';
import type { Connector } from '../../../schema/definition/connector';
import { TidemarkError } from '../../../schema/errors';

/**
 * What operations work with, each part made when it is first asked for: loading Temporal's client takes 0.25 s, and most
 * looks do without.
 */
export interface OperationContext {
  readonly db: Knex;
  /** those that tidemark.config.ts registers; `among`: where others are not needed, they may be left out, which is faster */
  connectors(among?: readonly string[]): Promise<readonly Connector[]>;
  /** Temporal; may not be reachable. Throws TidemarkError 'TemporalUnavailable' where it has to connect first. */
  client(): Promise<Client>;
  /** of Temporal, for messages */
  temporalAddress(): Promise<string>;
  /** seals and opens the secrets of connections; undefined: OAUTH_ENCRYPTION_KEY is not set */
  ring(): Promise<KeyRing | undefined>;
  readonly taskQueue: string | undefined;
  /** who starts what is started */
  readonly trigger: 'cli' | 'api';
}

/** What a context is made of where everything is there already, as in a server. */
export interface ContextParts {
  readonly db: Knex;
  readonly connectors: readonly Connector[];
  readonly client: Client;
  readonly taskQueue?: string | undefined;
  readonly ring?: KeyRing | undefined;
  readonly temporalAddress?: string | undefined;
}

/** The context of a server, which has all parts. */
export function readyContext(parts: ContextParts): OperationContext {
  const { db, connectors, client, taskQueue, ring, temporalAddress = 'TEMPORAL_ADDRESS' } = parts;
  return {
    db,
    connectors: async () => connectors,
    client: async () => client,
    temporalAddress: async () => temporalAddress,
    ring: async () => ring,
    taskQueue,
    trigger: 'api',
  };
}

/** Who does it, and why; both are kept in the audit. */
export interface By {
  /** `cli:<user>`, `api` */
  readonly actor: string;
  readonly reason: string;
}

/** What was asked for is wrong in itself, as opposed to being impossible now: `Usage`, with a line for each mistake. */
export class WrongInput extends TidemarkError {
  readonly mistakes: readonly string[];

  constructor(what: string, mistakes: readonly string[]) {
    super('Usage', `${what}:\n${mistakes.map((line) => `  ${line}`).join('\n')}`);
    this.mistakes = mistakes;
  }
}
