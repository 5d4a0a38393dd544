import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { destinationError } from '../../destination/database/destinationError';
import { readBody, readParams, readQuery } from './read';

/** What a request to an operation holds, parsed. */
export interface Request<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
}

/** One thing that the API does: its route and its description come from the same schemas. */
export interface Operation {
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
  /** what an answer holds */
  readonly answer: z.ZodType;
  perform(request: Request<unknown, unknown, unknown>): Promise<unknown>;
}

interface OperationText<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodObject> {
  readonly method: Operation['method'];
  readonly path: string;
  readonly summary: string;
  readonly details?: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly status?: Operation['status'];
  readonly answer: z.ZodType;
  readonly perform: (request: Request<z.output<P>, z.output<Q>, z.output<B>>) => Promise<unknown>;
}

/** Describes an operation; `perform` gets what the schemas let through. */
export function operation<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodObject>(
  text: OperationText<P, Q, B>,
): Operation {
  return {
    status: 200,
    details: undefined,
    params: undefined,
    query: undefined,
    body: undefined,
    ...text,
    // the route parses by the same schemas before it calls
    perform: (request) => text.perform(request as Request<z.output<P>, z.output<Q>, z.output<B>>),
  };
}

/** Where nothing is asked for, nothing is taken: a mistyped name is told, not ignored. */
const nothing = z.strictObject({});

/** Makes the operation's route. A request that its schemas refuse gets 400 with every mistake. */
export function mount(app: FastifyInstance, { method, path, status, params, query, body, perform }: Operation): void {
  app.route({
    method,
    url: path.replace(/\{(\w+)\}/g, ':$1'),
    handler: async (request, reply) => {
      const read = {
        params: readParams(params ?? nothing, request),
        query: readQuery(query ?? nothing, request),
        body: method === 'POST' ? readBody(body ?? nothing, request) : undefined,
      };
      const answer = await perform(read).catch((error: unknown) => {
        throw destinationError(error);
      });
      return reply.code(status).send(answer);
    },
  });
}
