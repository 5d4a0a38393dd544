import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { mistakes } from '../../schema/definition';
import { ProblemError, problem } from './problem';

/** What was sent is not what the API takes. */
function badRequest(found: readonly string[]): ProblemError {
  const text = problem(400, 'Usage', 'Wrong request', `The request is wrong: ${found.join('; ')}`);
  return new ProblemError({ ...text, mistakes: found });
}

/** Throws a problem (400) with every mistake and its path. */
export function readBody<T>(schema: z.ZodType<T>, request: FastifyRequest): T {
  return read(schema, request.body ?? {}, 'body');
}

/** Throws a problem (400) with every mistake and its path. */
export function readQuery<T>(schema: z.ZodType<T>, request: FastifyRequest): T {
  return read(schema, request.query, 'query');
}

/** Throws a problem (400) with every mistake and its path. */
export function readParams<T>(schema: z.ZodType<T>, request: FastifyRequest): T {
  return read(schema, request.params, 'path');
}

function read<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw badRequest(mistakes(where, parsed.error));
}
