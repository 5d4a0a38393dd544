import { type Alias, fieldsOfAlias } from '../../../schema/definition/aliases';
import type { Connector } from '../../../schema/definition/connector';
import type { Route } from './route';

type Paths = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The paths that connectors keep of former services, as OpenAPI describes them: which operation each is, and the fields that it takes. */
export function describeAliases(connectors: readonly Connector[], routes: ReadonlyMap<string, Route>): Paths {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { name, aliases } of connectors) {
    for (const alias of aliases) {
      const { path, method } = alias;
      const same = aliases.filter((one) => one.path === path && one.method === method);
      paths[path] = { ...paths[path], [method.toLowerCase()]: describe(name, same, routes.get(alias.operation)) };
    }
  }
  return paths;
}

/** `aliases`: those of one path and method, of which the sent fields choose one. */
function describe(connector: string, aliases: readonly Alias[], route: Route | undefined): Record<string, unknown> {
  const [{ method, path } = { method: 'GET', path: '' } as const] = aliases;
  const fields = [...new Set(aliases.flatMap(fieldsOfAlias))];
  const operations = [...new Set(aliases.map(({ operation }) => operation))];
  const text = { type: 'string' } as const;
  const properties = Object.fromEntries(fields.map((name) => [name, text]));
  const content = { 'application/json': { schema: { type: 'object', properties, additionalProperties: false } } };
  return {
    operationId: `${method.toLowerCase()}Alias${path.replace(/[^a-zA-Z0-9]+(\w?)/g, (_, next: string) => next.toUpperCase())}`,
    summary: `as of connector ${connector}: ${operations.map((one) => `\`${one}\``).join(' or ')}`,
    ...(method === 'GET'
      ? { parameters: fields.map((name) => ({ name, in: 'query', required: false, schema: text })) }
      : { requestBody: { required: fields.length > 0, content } }),
    responses: {
      [route?.status ?? 200]: { description: `As of ${operations.map((one) => `\`${one}\``).join(' or ')}` },
      default: {
        description: 'Why it was not done',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}
