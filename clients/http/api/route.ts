import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { readBody, readParams, readQuery } from './read';

/** What a request holds, parsed. */
export interface Request {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** One operation as HTTP has it: requests are parsed, and described, by the same schemas. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** with parameters in braces, as OpenAPI writes them: `/api/runs/{run}` */
  readonly path: string;
  readonly summary: string;
  readonly details: string | undefined;
  readonly params: z.ZodObject | undefined;
  readonly query: z.ZodObject | undefined;
  readonly body: z.ZodObject | undefined;
  /** 202: it was started, and goes on */
  readonly status: 200 | 202;
  /** what a response holds */
  readonly response: z.ZodType;
  perform(request: Request): Promise<unknown>;
}

/** Where no field is expected, none is accepted: a mistyped name is refused, not ignored. */
const nothing = z.strictObject({});

/** Adds the route. A request that its schemas refuse gets 400 with every mistake. */
export function mount(app: FastifyInstance, { method, path, status, params, query, body, perform }: Route): void {
  app.route({
    method,
    url: path.replace(/\{(\w+)\}/g, ':$1'),
    handler: async (request, reply) => {
      const read = {
        params: readParams(params ?? nothing, request),
        query: readQuery(query ?? nothing, request),
        body: method === 'POST' ? readBody(body ?? nothing, request) : undefined,
      };
      return reply.code(status).send(await perform(read));
    },
  });
}
