import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import { z } from 'zod';
import type { Connector } from '../../schema/definition/connector';
import { TidemarkError } from '../../schema/errors';
import { isStorable } from '../../schema/storableText';

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

/** What was asked for is wrong in itself, as opposed to being impossible now: `Usage`, with a line for each mistake. */
export class WrongInput extends TidemarkError {
  readonly mistakes: readonly string[];

  constructor(what: string, mistakes: readonly string[]) {
    super('Usage', `${what}:\n${mistakes.map((line) => `  ${line}`).join('\n')}`);
    this.mistakes = mistakes;
  }
}

/** Text that PostgreSQL and Temporal can take: they know neither U+0000 nor half of a surrogate pair. */
export function textInput(longest: number): z.ZodString {
  return (
    z
      .string()
      .min(1)
      .max(longest)
      // not as a pattern: the API's description is read by languages whose patterns know no surrogates
      .refine(isStorable, { error: 'must not hold U+0000 or half of a surrogate pair' })
  );
}

/** names of connections, entities, connectors, secrets */
export const name = textInput(100);
/** a record's id at the source */
export const recordIdInput = textInput(1_000);
/** names a connection and an entity of it */
export const targetInput = z.strictObject({ connection: name, entity: name });
export type TargetInput = z.output<typeof targetInput>;
/** narrows a list or a choice down to a connection, and to an entity of it */
export const filterInput = z.strictObject({ connection: name.optional(), entity: name.optional() });

/** A moment: ISO 8601 with its zone. */
export const instantInput = z.iso
  .datetime({ offset: true, error: "must be a moment such as '2026-03-01T00:00:00Z'" })
  .transform((text) => new Date(text));
