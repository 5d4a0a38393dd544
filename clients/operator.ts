import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import { z } from 'zod';
import type { Connector } from '../schema/connector';

/** What an operator's abilities work with. The command line and the HTTP API call the same functions with the same inputs. */
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

const name = z.string().min(1).max(100);
/** names a connection and an entity of it */
export const targetInput = z.strictObject({ connection: name, entity: name });
export type TargetInput = z.output<typeof targetInput>;
/** narrows a list or a choice down to a connection, and to an entity of it */
export const filterInput = z.strictObject({ connection: name.optional(), entity: name.optional() });

/** A moment: ISO 8601 with its zone. */
export const instantInput = z.iso
  .datetime({ offset: true, error: "must be a moment such as '2026-03-01T00:00:00Z'" })
  .transform((text) => new Date(text));
