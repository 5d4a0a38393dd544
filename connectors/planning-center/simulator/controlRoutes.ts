import { z } from 'zod';
import { type Call as AnyCall, type Route as AnyRoute, ControlError } from '../../simulator/control';
import { commonRoutes, objectOf, withList } from '../../simulator/controlRoutes';
import type { SimulatorControl } from './control';
import type { OperationInput } from './operations';
import { documentedRateLimit } from './rateLimit';
import { type EntityName, entityNames } from './resources';

type Call = AnyCall<SimulatorControl>;
type Route = AnyRoute<SimulatorControl>;

const entityOf = ({ parts }: Call): EntityName => z.enum(entityNames).parse(parts.entity);
const idOf = ({ parts }: Call): string => z.string().min(1).parse(parts.id);
/** operations are checked by `bulk` itself */
const run = (call: Call, operation: Record<string, unknown>) => ({
  id: call.control.bulk([operation as OperationInput])[0],
});

const webhookSetting = z
  .strictObject({
    url: z.url(),
    secret: z.string().min(1),
    auto: z.boolean(),
    drop: z.number().min(0).max(1),
    times: z.int().min(1).max(1000),
    delayMs: z.number().min(0),
    concurrency: z.int().min(1).max(1000),
    retrySeconds: z.array(z.number().min(0)),
  })
  .partial();
const rateLimit = z.strictObject({
  enabled: z.boolean().default(true),
  requests: z.int().min(1).default(documentedRateLimit.requests),
  perSeconds: z.number().positive().default(documentedRateLimit.perSeconds),
  highOffsetRequests: z.int().min(1).default(documentedRateLimit.highOffsetRequests),
});
const send = z.strictObject({
  entity: z.enum(entityNames),
  id: z.string().min(1),
  action: z.enum(['created', 'updated', 'destroyed']).optional(),
  times: z.int().min(1).max(1000).optional(),
});

/** without the secret */
function webhookStatus(control: SimulatorControl) {
  const { secret: _secret, ...shown } = control.webhooks;
  return shown;
}

/** The control API over HTTP: the verbs of `SimulatorControl`, one route each. */
export const controlRoutes: readonly Route[] = withList<SimulatorControl>([
  { method: 'GET', path: '/control/status', help: 'clock, counts, settings', run: ({ control }) => status(control) },
  ...commonRoutes,
  {
    method: 'POST',
    path: '/control/bulk',
    help: '{operations: [{do: create|change|touch|delete|merge, entity, id, …}]}',
    run: (call) => ({ ids: call.control.bulk(objectOf(call).operations as OperationInput[]) }),
  },
  {
    method: 'PUT',
    path: '/control/rate-limit',
    help: '{enabled, requests, perSeconds, highOffsetRequests}',
    run: (call) => {
      const { enabled, ...setting } = rateLimit.parse(objectOf(call));
      call.control.setRateLimit(enabled ? setting : undefined);
    },
  },
  {
    method: 'GET',
    path: '/control/webhooks',
    help: 'setting and deliveries',
    run: ({ control }) => ({ setting: webhookStatus(control), deliveries: control.deliveries().slice(-100) }),
  },
  {
    method: 'PUT',
    path: '/control/webhooks',
    help: '{url, secret, auto, drop, times, delayMs, concurrency, retrySeconds}, each optional',
    run: (call) =>
      call.control.configureWebhooks(
        webhookSetting.parse(objectOf(call)) as Parameters<SimulatorControl['configureWebhooks']>[0],
      ),
  },
  {
    method: 'POST',
    path: '/control/webhooks/send',
    help: '{entity, id, action, times}: an event by hand; answers when it was delivered',
    run: async (call) => {
      const { entity, id, action, times } = send.parse(objectOf(call));
      return (await call.control.sendWebhook(entity, id, action, times)) ?? { sent: false };
    },
  },
  {
    method: 'POST',
    path: '/control/webhooks/hold',
    help: 'keep events back',
    run: ({ control }) => control.holdWebhooks(),
  },
  {
    method: 'POST',
    path: '/control/webhooks/release',
    help: '{order: kept|reversed|shuffled}',
    run: (call) => ({
      released: call.control.releaseWebhooks(
        z.enum(['kept', 'reversed', 'shuffled']).optional().parse(objectOf(call).order),
      ),
    }),
  },
  {
    method: 'PUT',
    path: '/control/:entity/hidden',
    help: '{hidden}: lists are 200, empty, total 0',
    run: (call) => call.control.hide(entityOf(call), z.boolean().parse(objectOf(call).hidden)),
  },
  {
    method: 'POST',
    path: '/control/:entity',
    help: 'create {id, attributes, relationships, createdAt, updatedAt, webhook}, each optional',
    run: (call) => run(call, { ...objectOf(call), do: 'create', entity: entityOf(call) }),
  },
  {
    method: 'GET',
    path: '/control/:entity/:id',
    help: 'the record as it is now',
    run: (call) => {
      const record = call.control.get(entityOf(call), idOf(call));
      if (!record) throw new ControlError(`there is no ${entityOf(call)} ${idOf(call)}`);
      return record;
    },
  },
  {
    method: 'PATCH',
    path: '/control/:entity/:id',
    help: 'change {attributes, relationships, updatedAt, webhook}',
    run: (call) => run(call, { ...objectOf(call), do: 'change', entity: entityOf(call), id: idOf(call) }),
  },
  {
    method: 'DELETE',
    path: '/control/:entity/:id',
    help: 'delete it {webhook}',
    run: (call) => run(call, { ...objectOf(call), do: 'delete', entity: entityOf(call), id: idOf(call) }),
  },
  {
    method: 'POST',
    path: '/control/:entity/:id/touch',
    help: '{updatedAt}: move updated_at only',
    run: (call) => run(call, { ...objectOf(call), do: 'touch', entity: entityOf(call), id: idOf(call) }),
  },
  {
    method: 'POST',
    path: '/control/:entity/:id/late',
    help: '{ageMs, attributes}: visible now, dated earlier',
    run: (call) => {
      const { ageMs, attributes } = z
        .strictObject({ ageMs: z.number(), attributes: z.record(z.string(), z.unknown()).optional() })
        .parse(objectOf(call));
      call.control.commitLate(entityOf(call), idOf(call), ageMs, attributes);
    },
  },
]);

function status(control: SimulatorControl) {
  return {
    now: new Date(control.now()).toISOString(),
    records: Object.fromEntries(entityNames.map((name) => [name, control.count(name)])),
    hidden: [...control.hidden],
    latencyMs: control.latencyMs,
    stale: control.stale,
    rateLimit: control.rateLimit ?? false,
    webhooks: webhookStatus(control),
    faults: control.faults().length,
    requests: control.logSummary(),
  };
}
