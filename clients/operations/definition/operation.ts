import type { z as zod } from 'zod';
import type { By, OperationContext } from './context';
import { type Fields, type InputOf, storable, type Z } from './fields';

/**
 * `look`: changes nothing. GET, 200, input in the query.
 * `change`: takes a reason, is audited. POST, 200.
 * `start`: starts workflows and returns how to find them. POST, 202.
 */
export type Effect = 'look' | 'change' | 'start';

/** Read-only all the way down: what `run` returns may share what others hold. */
export type Shown<T> = T extends Date
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Shown<Item>[]
    : T extends object
      ? { readonly [K in keyof T]: Shown<T[K]> }
      : T;

/** What is done, loaded when it is first used. `by` says who and why, where the operation takes a reason. */
export type Run<Input, Result> = (context: OperationContext, input: Input, by: By) => Promise<Result>;

/** One thing that an operator can do or ask. Command line, HTTP API, OpenAPI and documents are made from it. */
export interface OperationText<F extends Fields, R extends zod.ZodType> {
  /** `cursor show`: the command, and by default the path (`/api/cursor`; `list` and `show` are left out) */
  readonly name: string;
  readonly effect: Effect;
  /** completes "this command will …" */
  readonly summary: string;
  readonly details?: string;
  /** what follows the command in an example */
  readonly examples: readonly string[];
  /** where it is not `/api/<name>`; fields in braces are part of it: `/plans/{plan}/approve` */
  readonly path?: string;
  /** a `start` that is a decision: it takes a reason and is audited, as each `change` is */
  readonly decision?: true;
  /** the reason where the operator gives none on the command line; HTTP always wants one */
  readonly usualReason?: string;
  /** the command that offers it, where that is another one: `connect --update` */
  readonly command?: string;
  /** of a `start`: what the Markdown file holds that the command line writes with `--report` once it has ended */
  readonly report?: string;
  readonly input: F;
  /** what it returns; responses hold this and nothing else */
  readonly result: (z: Z) => R | Promise<R>;
  readonly run: () => Promise<Run<InputOf<F>, Shown<zod.output<R>>>>;
}

export interface Operation<F extends Fields = Fields, R extends zod.ZodType = zod.ZodType> extends OperationText<F, R> {
  /** takes a reason and is audited */
  readonly audited: boolean;
}

/** An operation whose types are forgotten, as the list holds them. */
export interface AnyOperation extends Omit<Operation, 'result' | 'run'> {
  readonly result: (z: Z) => zod.ZodType | Promise<zod.ZodType>;
  readonly run: () => Promise<Run<never, unknown>>;
}

/** What an operation returns, in TypeScript: instants are Dates. */
export type ResultOf<O extends Pick<AnyOperation, 'result'>> = Shown<zod.output<Awaited<ReturnType<O['result']>>>>;

/** Fields without those names that every audited operation takes already. */
type OwnFields = Fields & { readonly reason?: never; readonly by?: never };

export function operation<F extends OwnFields, R extends zod.ZodType>(text: OperationText<F, R>): Operation<F, R> {
  return { ...text, audited: text.effect === 'change' || text.decision === true };
}

/** Does it. What PostgreSQL throws becomes a TidemarkError where it is known. */
export async function perform(
  operation: AnyOperation,
  context: OperationContext,
  input: unknown,
  by: By,
): Promise<unknown> {
  const run = await operation.run();
  try {
    return await run(context, input as never, by);
  } catch (error) {
    const { destinationError } = await import('../../../destination/database/destinationError.js');
    throw destinationError(error);
  }
}

/**
 * zod; loading it takes as long as all the rest of `--help`. By a module of ours: `import('zod')` would load zod's ES modules
 * beside the CommonJS ones that everything else uses.
 */
async function loadZod(): Promise<Z> {
  return (await import('./zod.js')).z;
}

/** What every audited operation takes besides. */
const audited = {
  reason: (z: Z) => storable(z, 1_000).regex(/\S/, { error: 'must say something' }).describe('why; kept in the audit'),
  by: (z: Z) => storable(z, 100).optional().describe('the person that your program acts for; kept in the audit'),
};

/** The schema of some of its fields. `of`: as JSON, or as the text of a path or query. */
export async function schemaOf(fields: Fields, of: 'json' | 'text'): Promise<zod.ZodObject> {
  const z = await loadZod();
  const entries = Object.entries(fields).map(async ([name, one]) => {
    return [name, (await one[of](z)).describe(one.describe)] as const;
  });
  return z.strictObject(Object.fromEntries(await Promise.all(entries)));
}

/** The schema of `reason` and `by`. */
export async function bySchema() {
  const z = await loadZod();
  return z.strictObject({ reason: audited.reason(z), by: audited.by(z) });
}

/** The schema of what an operation returns: its input is JSON, its output has Dates. */
export async function resultSchema({ result }: Pick<AnyOperation, 'result'>): Promise<zod.ZodType> {
  return result(await loadZod());
}

/** A result as JSON: exactly what its schema names. Throws where it is not what the operation promises, which is a defect. */
export async function toJson(operation: Pick<AnyOperation, 'result'>, result: unknown): Promise<unknown> {
  const [z, schema] = await Promise.all([loadZod(), resultSchema(operation)]);
  return z.encode(schema, result);
}
