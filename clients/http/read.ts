import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { mistakes } from '../../schema/definition';
import type { Problem } from './problem';

/** What was sent is not what the API takes. */
export class BadRequest extends Error {
  readonly problem: Problem;

  constructor(found: readonly string[]) {
    super(`The request is wrong: ${found.join('; ')}`);
    this.name = 'BadRequest';
    this.problem = {
      status: 400,
      type: 'urn:tidemark:Usage',
      title: 'Wrong request',
      detail: this.message,
      mistakes: found,
    };
  }
}

/** Throws BadRequest with every mistake and its path. */
export function readBody<T>(schema: z.ZodType<T>, request: FastifyRequest): T {
  return read(schema, request.body ?? {}, 'body');
}

/** Throws BadRequest with every mistake and its path. */
export function readQuery<T>(schema: z.ZodType<T>, request: FastifyRequest): T {
  return read(schema, request.query, 'query');
}

function read<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new BadRequest(mistakes(where, parsed.error));
}
