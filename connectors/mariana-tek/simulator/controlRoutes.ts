import { z } from 'zod';
import type { Call, Route } from '../../simulator/control';
import { commonRoutes, objectOf, withList } from '../../simulator/controlRoutes';
import { editions } from './brand';
import type { MarianaTekControl } from './control';
import { jobFates } from './jobs';
import { assumedRateLimit } from './rateLimit';
import { kinds } from './records';

const kind = z.enum(kinds);
const change = z.strictObject({
  attributes: z.record(z.string(), z.unknown()).optional(),
  relationships: z.record(z.string(), z.strictObject({ type: kind, id: z.string() }).nullable()).optional(),
  updatedAt: z.iso.datetime({ offset: true }).transform(Date.parse).optional(),
});
const rateLimit = z.strictObject({
  enabled: z.boolean().default(true),
  requests: z.int().min(1).default(assumedRateLimit.requests),
  perSeconds: z.number().positive().default(assumedRateLimit.perSeconds),
});
const tokens = z.strictObject({ lifeSeconds: z.int().min(1), limitedWithoutClient: z.boolean() }).partial();
const jobs = z
  .strictObject({ takesMs: z.number().min(0), linkLifeMs: z.number().min(0), next: z.array(z.enum(jobFates)) })
  .partial();

/** The parts of a path `/control/:brand/:kind/:id`. */
const named = ({ parts }: Call<MarianaTekControl>) => ({
  brand: parts.brand ?? '',
  kind: kind.parse(parts.kind),
  id: parts.id ?? '',
});

/** The control API over HTTP: the verbs of `MarianaTekControl`, one route each. */
export const controlRoutes: readonly Route<MarianaTekControl>[] = withList<MarianaTekControl>([
  { method: 'GET', path: '/control/status', help: 'clock, counts, settings', run: ({ control }) => status(control) },
  ...commonRoutes,
  {
    method: 'PUT',
    path: '/control/rate-limit',
    help: '{enabled, requests, perSeconds}',
    run: (call) => {
      const { enabled, ...setting } = rateLimit.parse(objectOf(call));
      call.control.setRateLimit(enabled ? setting : undefined);
    },
  },
  {
    method: 'PUT',
    path: '/control/jobs',
    help: `{takesMs, linkLifeMs, next: [${jobFates.join('|')}]}, each optional`,
    run: (call) => {
      const { takesMs, linkLifeMs, next } = jobs.parse(objectOf(call));
      if (takesMs !== undefined) call.control.jobs.takesMs = takesMs;
      if (linkLifeMs !== undefined) call.control.jobs.linkLifeMs = linkLifeMs;
      if (next !== undefined) call.control.decideJobs(...next);
    },
  },
  {
    method: 'GET',
    path: '/control/:brand/totals',
    help: 'bookings of classes before today with what they earn, and the prices of all orders',
    run: (call) => call.control.totals(call.parts.brand ?? ''),
  },
  {
    method: 'PUT',
    path: '/control/:brand/headers',
    help: `{edition: ${editions.join('|')}}: under which headers its reports come`,
    run: (call) => call.control.setEdition(call.parts.brand ?? '', z.enum(editions).parse(objectOf(call).edition)),
  },
  {
    method: 'PUT',
    path: '/control/:brand/tokens',
    help: '{lifeSeconds, limitedWithoutClient}, each optional',
    run: (call) => call.control.setTokens(call.parts.brand ?? '', tokens.parse(objectOf(call))),
  },
  {
    method: 'POST',
    path: '/control/:brand/revoke',
    help: 'its access tokens are refused from now on',
    run: (call) => ({ revoked: call.control.revokeTokens(call.parts.brand ?? '') }),
  },
  {
    method: 'POST',
    path: '/control/:brand/use-refresh-tokens',
    help: 'as if another client had used its refresh tokens',
    run: (call) => ({ used: call.control.useRefreshTokens(call.parts.brand ?? '') }),
  },
  {
    method: 'POST',
    path: '/control/:brand/:kind',
    help: 'create {attributes, relationships, updatedAt}, each optional',
    run: (call) => ({
      id: call.control.create(named(call).brand, named(call).kind, change.parse(objectOf(call))),
    }),
  },
  {
    method: 'GET',
    path: '/control/:brand/:kind/:id',
    help: 'the record as it is now',
    run: (call) => call.control.record(named(call).brand, named(call).kind, named(call).id),
  },
  {
    method: 'PATCH',
    path: '/control/:brand/:kind/:id',
    help: 'change {attributes, relationships, updatedAt}, each optional',
    run: (call) => {
      const { brand, kind: of, id } = named(call);
      call.control.change(brand, of, id, change.parse(objectOf(call)));
    },
  },
  {
    method: 'DELETE',
    path: '/control/:brand/:kind/:id',
    help: 'remove it',
    run: (call) => call.control.remove(named(call).brand, named(call).kind, named(call).id),
  },
]);

function status(control: MarianaTekControl) {
  return {
    now: new Date(control.now()).toISOString(),
    brands: Object.fromEntries(control.brandNames.map((name) => [name, control.count(name)])),
    latencyMs: control.latencyMs,
    rateLimit: control.rateLimit ?? false,
    jobs: { started: control.jobs.count, takesMs: control.jobs.takesMs, linkLifeMs: control.jobs.linkLifeMs },
    storage: control.jobs.storageUrl,
    faults: control.faults().length,
    requests: control.logSummary(),
  };
}
