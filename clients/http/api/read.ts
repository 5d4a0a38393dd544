import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { mistakes } from '../../../schema/definition/definition';
import { ProblemError, wrongRequest } from '../problem';

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
  throw new ProblemError(wrongRequest(mistakes(where, parsed.error)));
}
