import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { OperationContext } from '../../operations/definition/context';
import { storable } from '../../operations/definition/fields';
import { ProblemError, problem, refusable } from '../problem';
import { readQuery } from './read';

const query = z.strictObject({
  connection: storable(z, 100).describe('the connection'),
  entity: storable(z, 100).describe('the entity that the file is of'),
  name: storable(z, 255).default('upload.csv').describe('of the file, for people'),
  sha256: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, { error: 'must be 64 hexadecimal digits' })
    .optional()
    .describe('of the file: one that differs is refused'),
});

const response = z.object({
  upload: z.string().describe('what `POST /api/import` takes'),
  name: z.string(),
  bytes: z.int(),
  sha256: z.string(),
});

/**
 * Takes a file that is to be imported, as the body of the request, whatever its type: it is streamed into the database and never held as a
 * whole. A route of its own, since every operation takes and returns JSON.
 */
export async function uploadRoute(app: FastifyInstance, context: OperationContext): Promise<void> {
  await app.register((scope, _options, ready) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.post('/api/imports', async (request, reply) => {
      const { connection, entity, name, sha256 } = readQuery(query, request);
      const { mostBytes, uploadFile } = await import('../../operations/work/imports.js');
      const expected = { bytes: lengthOf(request), sha256 };
      if ((expected.bytes ?? 0) > mostBytes)
        throw new ProblemError(
          problem(413, 'TooLarge', 'Too large', `The file is longer than ${mostBytes} bytes: split it.`),
        );
      const stored = await refusable(() =>
        uploadFile(context, { connection, entity, name, expected }, bodyOf(request)),
      );
      return reply.code(201).send({ upload: stored.id, name: stored.name, bytes: stored.bytes, sha256: stored.sha256 });
    });
    ready();
  });
}

function bodyOf({ body }: FastifyRequest): AsyncIterable<Buffer> {
  return (body ?? []) as AsyncIterable<Buffer>;
}

function lengthOf({ headers }: FastifyRequest): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

/** The route for OpenAPI. */
export const uploadDescription = {
  path: '/api/imports',
  summary: 'upload a file that is to be imported',
  query,
  response,
} as const;
