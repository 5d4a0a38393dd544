import { z } from 'zod';
import { packageVersion } from '../../ownPackage';
import { problemShape } from './problemShape';
import type { Route } from './route';
import { uploadDescription } from './uploadRoute';

/** What a failed request can get from every operation. */
const problems: Readonly<Record<string, string>> = {
  400: 'The request is wrong; `mistakes` says where',
  401: 'No key, or the wrong one',
  429: 'Too many requests: `retry-after` says when to try again',
  500: 'A defect, logged under the id in `instance`',
  503: 'PostgreSQL or Temporal is not available: `retry-after` says when to try again',
};

/** An OpenAPI document. */
interface Described extends Readonly<Record<string, unknown>> {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The API as OpenAPI 3.1 describes it, made from the schemas by which requests are parsed. https://spec.openapis.org/oas/v3.1.1 */
export function describeApi(operations: readonly Route[]): Described {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const one of operations) {
    paths[one.path] = { ...paths[one.path], [one.method.toLowerCase()]: describe(one) };
  }
  paths[uploadDescription.path] = { post: describeUpload() };
  return {
    openapi: '3.1.1',
    info: {
      title: 'Tidemark',
      version: packageVersion(),
      description: 'Keeps PostgreSQL tables equal to what third-party APIs hold.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'The value of TIDEMARK_API_KEY' } },
      schemas: { Problem: jsonSchema(problemShape, 'output') },
    },
  };
}

/** The one request whose body is no JSON. */
function describeUpload(): Record<string, unknown> {
  const { summary, query, response } = uploadDescription;
  const refused = {
    ...problems,
    404: 'Something by that name does not exist',
    409: 'The file is not what was said of it',
    413: 'The file is too long',
  };
  return {
    operationId: 'postImports',
    summary,
    parameters: parametersOf('query', query),
    requestBody: { required: true, content: { 'application/octet-stream': {}, 'text/csv': {} } },
    responses: {
      201: { description: 'It is stored', content: json(jsonSchema(response, 'input')) },
      ...Object.fromEntries(Object.entries(refused).map(([status, text]) => [status, problemAnswer(text)])),
    },
  };
}

function describe(one: Route): Record<string, unknown> {
  const parameters = [...parametersOf('path', one.params), ...parametersOf('query', one.query)];
  return {
    operationId: operationId(one),
    summary: one.summary,
    ...(one.details === undefined ? {} : { description: one.details }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(one.body ? { requestBody: { required: true, content: json(jsonSchema(one.body, 'input')) } } : {}),
    responses: {
      [one.status]: {
        description: one.status === 202 ? 'It was started' : 'Done',
        content: json(jsonSchema(one.response, 'input')),
      },
      ...Object.fromEntries(Object.entries(problemsOf(one)).map(([status, text]) => [status, problemAnswer(text)])),
    },
  };
}

function problemsOf(one: Route): Readonly<Record<string, string>> {
  const names = one.params ?? one.query ?? one.body;
  const posts = one.method === 'POST';
  return {
    ...problems,
    ...(names === undefined ? {} : { 404: 'Something by that name does not exist' }),
    ...(names === undefined && !posts ? {} : { 409: 'It is already running, or not possible now' }),
    ...(one.params === undefined ? {} : { 414: 'A name in the path is longer than any can be' }),
    ...(posts ? { 413: 'The body is larger than 1 MiB', 415: 'The body is not sent as application/json' } : {}),
  };
}

/** `POST /api/plans/{plan}/approve` is `postPlansApprove`; stable as long as the path is. */
function operationId({ method, path }: Route): string {
  const words = path.split('/').filter((step) => step !== '' && step !== 'api' && !step.startsWith('{'));
  const one = path.endsWith('}') ? ['one'] : [];
  const capitals = [...words, ...one]
    .flatMap((word) => word.split('-'))
    .map((word) => word[0]?.toUpperCase() + word.slice(1));
  return method.toLowerCase() + capitals.join('');
}

function parametersOf(where: 'path' | 'query', schema: z.ZodObject | undefined): Record<string, unknown>[] {
  return Object.entries(schema?.shape ?? {}).map(([name, type]) => ({
    name,
    in: where,
    required: where === 'path' || !z.safeParse(type, undefined).success,
    schema: jsonSchema(type, 'input'),
  }));
}

function problemAnswer(description: string): Record<string, unknown> {
  const schema = { $ref: '#/components/schemas/Problem' };
  return { description, content: { 'application/problem+json': { schema } } };
}

function json(schema: unknown): Record<string, unknown> {
  return { 'application/json': { schema } };
}

/** OpenAPI 3.1 takes JSON Schema as it is; which one, the document says once for all. */
function jsonSchema(schema: z.core.$ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    // responses hold what their schema names and nothing else, whatever the operation returned
    override: ({ zodSchema: { _zod }, jsonSchema: made }) => {
      if (
        _zod.def.type === 'object' &&
        io === 'input' &&
        made.additionalProperties === undefined &&
        !('catchall' in _zod.def)
      ) {
        made.additionalProperties = false;
      }
    },
  });
  return rest;
}
