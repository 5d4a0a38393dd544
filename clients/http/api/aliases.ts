import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { type Alias, fieldsOfAlias } from '../../../schema/definition/aliases';
import type { Connector } from '../../../schema/definition/connector';
import { mistakes } from '../../../schema/definition/definition';
import { placeholder } from '../../../schema/definition/placeholders';
import { TidemarkError } from '../../../schema/errors';
import { ProblemError, wrongRequest } from '../problem';
import type { Route } from './route';

type Given = Readonly<Record<string, unknown>>;

/**
 * Adds the paths that connectors keep of the services which Tidemark replaces: each does what an operation does. Throws TidemarkError 'Usage' for an
 * operation that does not exist or does not fit, and for a path that is taken.
 */
export function mountAliases(
  app: FastifyInstance,
  connectors: readonly Connector[],
  routes: ReadonlyMap<string, Route>,
): void {
  for (const { name, aliases } of connectors) {
    for (const [at, list] of byRequest(aliases)) {
      const chosen = list.map((alias) => ({ alias, route: routeOf(name, alias, routes) }));
      const [{ method, path } = { method: 'GET', path: '' } as const] = list;
      if (app.hasRoute({ method, url: path })) throw wrong(name, at, 'another route of the server has this path');
      const known = new Set(list.flatMap(fieldsOfAlias));
      app.route({
        method,
        url: path,
        handler: async (request, reply) => {
          const where = method === 'GET' ? 'query' : 'body';
          const given = Object(method === 'GET' ? request.query : request.body) as Given;
          const unknown = Object.keys(given).filter((field) => !known.has(field));
          if (unknown.length > 0)
            throw new ProblemError(wrongRequest(unknown.map((field) => `${where}.${field}: no such field`)));
          const found = chosen.find(({ alias: { when } }) => when === undefined || given[when] !== undefined);
          if (found === undefined) {
            const needed = list.map(({ when }) => `${where}.${when}: missing`);
            throw new ProblemError(wrongRequest(needed));
          }
          return reply.code(found.route.status).send(await perform(found.route, found.alias, given, where));
        },
      });
    }
  }
}

function byRequest(aliases: readonly Alias[]): Map<string, Alias[]> {
  const requests = new Map<string, Alias[]>();
  for (const alias of aliases) {
    const at = `${alias.method} ${alias.path}`;
    requests.set(at, [...(requests.get(at) ?? []), alias]);
  }
  return requests;
}

function routeOf(connector: string, alias: Alias, routes: ReadonlyMap<string, Route>): Route {
  const at = `${alias.method} ${alias.path}`;
  const route = routes.get(alias.operation);
  if (route === undefined) throw wrong(connector, at, `there is no operation '${alias.operation}'`);
  if (route.method !== alias.method) throw wrong(connector, at, `'${alias.operation}' is a ${route.method}`);
  const fields = { ...route.params?.shape, ...route.query?.shape, ...route.body?.shape };
  const unknown = Object.keys(alias.input).filter((name) => !(name in fields));
  if (unknown.length > 0) throw wrong(connector, at, `'${alias.operation}' has no field ${unknown.join(', ')}`);
  return route;
}

function wrong(connector: string, at: string, problem: string): TidemarkError {
  return new TidemarkError('Usage', `The alias ${at} of connector ${connector} does not work: ${problem}`);
}

function perform(route: Route, alias: Alias, given: Given, where: string): Promise<unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, template] of Object.entries(alias.input)) {
    const value = filled(template, given);
    if (value !== undefined) values[name] = value;
  }
  if (alias.reason !== undefined && route.body !== undefined && 'reason' in route.body.shape)
    values.reason = alias.reason;
  const inPath = Object.keys(route.params?.shape ?? {});
  const own = Object.fromEntries(Object.entries(values).filter(([name]) => inPath.includes(name)));
  const others = Object.fromEntries(Object.entries(values).filter(([name]) => !inPath.includes(name)));
  const read = (schema: z.ZodObject | undefined, from: unknown) => {
    const parsed = schema?.safeParse(from);
    if (parsed === undefined || parsed.success) return parsed?.data;
    throw new ProblemError(wrongRequest(mistakes(where, parsed.error).map((line) => inTheirWords(line, alias, where))));
  };
  return route.perform({
    params: read(route.params, own),
    query: route.method === 'GET' ? read(route.query, others) : undefined,
    body: route.method === 'POST' ? read(route.body, others) : undefined,
  });
}

/** A template that is one placeholder is the field as it was sent. */
function filled(template: string, given: Given): unknown {
  const [, whole] = /^\{(\w+)\}$/.exec(template) ?? [];
  if (whole !== undefined) return given[whole];
  return template.replace(placeholder, (all, name: string | undefined) =>
    name === undefined ? all.slice(1, -1) : String(given[name] ?? ''),
  );
}

/** Names the field that the caller sends, not the operation's. */
function inTheirWords(line: string, { input }: Alias, where: string): string {
  const field = Object.keys(input).find((name) => line.startsWith(`${where}.${name}:`));
  const [, theirs] = /^\{(\w+)\}$/.exec(field === undefined ? '' : (input[field] ?? '')) ?? [];
  return theirs === undefined ? line : line.replace(`${where}.${field}:`, `${where}.${theirs}:`);
}
