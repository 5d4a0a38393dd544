import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import { z } from 'zod';
import type { Connector } from '../schema/connector';

/**
 * What an operator's abilities work with, and what they have in common: the command line and the HTTP API call the same
 * functions with the same inputs. Inputs and results are zod schemas, from which the API's description is made.
 */
export interface OperatorContext {
  readonly db: Knex;
  readonly connectors: readonly Connector[];
}

/** … those that have Temporal do something. The client may be one that connects when it is first used. */
export interface TemporalContext extends OperatorContext {
  readonly client: Client;
  readonly taskQueue?: string | undefined;
}

/** Who does it, and why; both are kept in the audit. */
export interface By {
  /** `cli:<user>`, `api` */
  readonly actor: string;
  readonly reason: string;
}

/** Where nobody has to say why. */
export const noReason = 'no reason given';

/** the name of a connection */
export const connectionName = z.string().min(1).max(100);
/** the name of an entity of it */
export const entityName = z.string().min(1).max(100);
export const targetInput = z.strictObject({ connection: connectionName, entity: entityName });
export type TargetInput = z.output<typeof targetInput>;

/** A moment in an input: ISO 8601 with its zone. */
export const instantInput = z.iso
  .datetime({ offset: true, error: "must be a moment such as '2026-03-01T00:00:00Z'" })
  .transform((text) => new Date(text));

/** A moment in a result: ISO 8601 once it is JSON. */
export const instant = z.date();
