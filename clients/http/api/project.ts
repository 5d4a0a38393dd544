import type { By, OperationContext } from '../../operations/definition/context';
import type { Fields } from '../../operations/definition/fields';
import {
  type AnyOperation,
  bySchema,
  perform,
  resultSchema,
  schemaOf,
  toJson,
} from '../../operations/definition/operation';
import { refusable } from '../problem';
import type { Route } from './route';

/** An operation as a route: where each field is sent, and what is done with it. */
export async function routeOf(operation: AnyOperation, context: OperationContext): Promise<Route> {
  const path = pathOf(operation);
  const inPath = new Set([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
  const fields = Object.entries(operation.input);
  const pathFields = Object.fromEntries(fields.filter(([name]) => inPath.has(name)));
  const others = Object.fromEntries(fields.filter(([name]) => !inPath.has(name)));
  const looks = operation.effect === 'look';
  const sent = await sentSchema(operation, others);
  return {
    method: looks ? 'GET' : 'POST',
    path,
    summary: operation.summary,
    details: operation.details,
    params: inPath.size === 0 ? undefined : await schemaOf(pathFields, 'text'),
    query: looks ? sent : undefined,
    body: looks ? undefined : sent,
    status: operation.effect === 'start' ? 202 : 200,
    response: await resultSchema(operation),
    async perform({ params, query, body }) {
      const { reason, by, ...given } = { ...Object(looks ? query : body), ...Object(params) };
      const who: By = operation.audited
        ? { actor: by === undefined ? 'api' : `api:${by}`, reason }
        : { actor: 'api', reason: '' };
      return toJson(operation, await refusable(() => perform(operation, context, given, who)));
    },
  };
}

/** `/api/cursor` of `cursor show`, `/api/cursor/reset` of `cursor reset`; or where the operation says it is. */
export function pathOf({ name, path }: Pick<AnyOperation, 'name' | 'path'>): string {
  const words = name.split(' ').filter((word, index) => index === 0 || !['list', 'show'].includes(word));
  return `/api${path ?? `/${words.join('/')}`}`;
}

async function sentSchema(operation: AnyOperation, fields: Fields): Promise<Route['body']> {
  const schema =
    Object.keys(fields).length === 0
      ? undefined
      : await schemaOf(fields, operation.effect === 'look' ? 'text' : 'json');
  if (!operation.audited) return schema;
  const by = await bySchema();
  return schema === undefined ? by : schema.extend(by.shape);
}
