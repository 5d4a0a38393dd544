import { z } from 'zod';
import type { Call, CommonControl, Route } from './control';
import type { FaultRuleInput } from './faults';

/** The body of a control request as an object; none is an empty one. */
export const objectOf = ({ body }: Pick<Call<unknown>, 'body'>): Record<string, unknown> =>
  z.record(z.string(), z.unknown()).parse(body ?? {});

/** The verbs of `CommonControl` over HTTP, one route each. */
export const commonRoutes: readonly Route<CommonControl>[] = [
  {
    method: 'GET',
    path: '/control/log',
    help: 'the last requests; ?limit=100',
    run: ({ control, url }) => ({
      summary: control.logSummary(),
      requests: control.log(Number(url.searchParams.get('limit') ?? 100)),
    }),
  },
  { method: 'DELETE', path: '/control/log', help: 'clear it', run: ({ control }) => control.clearLog() },
  {
    method: 'PUT',
    path: '/control/clock',
    help: '{offsetMs} or {fixed: instant} or {}',
    run: (call) =>
      call.control.setClock(
        z.strictObject({ offsetMs: z.number().optional(), fixed: z.string().optional() }).parse(objectOf(call)),
      ),
  },
  {
    method: 'PUT',
    path: '/control/latency',
    help: '{ms}',
    run: (call) => {
      call.control.latencyMs = z.strictObject({ ms: z.number().min(0) }).parse(objectOf(call)).ms;
    },
  },
  {
    method: 'PUT',
    path: '/control/stale',
    help: '{maxMs, probability}: reads lag by up to maxMs',
    run: (call) =>
      call.control.setStale(
        z
          .strictObject({ maxMs: z.number().min(0), probability: z.number().min(0).max(1).default(1) })
          .parse(objectOf(call)),
      ),
  },
  {
    method: 'GET',
    path: '/control/faults',
    help: 'the rules and how often each struck',
    run: ({ control }) => control.faults(),
  },
  {
    method: 'POST',
    path: '/control/faults',
    help: '{match, skip, count, probability, fault: {kind, …}}',
    run: (call) => ({ id: call.control.addFault(objectOf(call) as FaultRuleInput) }),
  },
  { method: 'DELETE', path: '/control/faults', help: 'remove all rules', run: ({ control }) => control.clearFaults() },
  {
    method: 'DELETE',
    path: '/control/faults/:id',
    help: 'remove one',
    run: (call) => call.control.clearFaults(z.coerce.number().int().parse(call.parts.id)),
  },
];

/** `GET /control`, which lists the routes, and the routes themselves. */
export function withList<Control>(routes: readonly Route<Control>[]): readonly Route<Control>[] {
  const all: readonly Route<Control>[] = [
    {
      method: 'GET',
      path: '/control',
      help: 'this list',
      run: () => all.map(({ method, path, help }) => `${method} ${path}: ${help}`),
    },
    ...routes,
  ];
  return all;
}
