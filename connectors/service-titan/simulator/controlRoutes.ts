import { z } from 'zod';
import type { Call as AnyCall, Route } from '../../simulator/control';
import { commonRoutes, objectOf, withList } from '../../simulator/controlRoutes';
import type { ChangeInput } from './changes';
import type { ServiceTitanControl } from './control';
import { documentedRateLimit } from './rateLimit';

type Call = AnyCall<ServiceTitanControl>;

const named = ({ parts }: Call) =>
  z.object({ tenant: z.string().min(1), id: z.string().default('') }).parse(parts) as { tenant: string; id: string };
/** changes are checked by `bulk` itself */
const run = (call: Call, change: Record<string, unknown>) => ({ id: call.control.bulk([change as ChangeInput])[0] });

const rateLimit = z.strictObject({
  enabled: z.boolean().default(true),
  requests: z.int().min(1).default(documentedRateLimit.requests),
  perSeconds: z.number().positive().default(documentedRateLimit.perSeconds),
  form: z.enum(['title', 'header', 'both']).default(documentedRateLimit.form),
});
const settings = z
  .strictObject({
    contactsMoveCustomer: z.boolean(),
    heldBackSeconds: z.number().min(0),
    tokenLifeSeconds: z.int().min(1),
    appKey: z.string().min(1),
  })
  .partial();

/** The control API over HTTP: the verbs of `ServiceTitanControl`, one route each. */
export const controlRoutes: readonly Route<ServiceTitanControl>[] = withList<ServiceTitanControl>([
  { method: 'GET', path: '/control/status', help: 'clock, counts, settings', run: ({ control }) => status(control) },
  ...commonRoutes,
  {
    method: 'POST',
    path: '/control/bulk',
    help: '{changes: [{do: createCustomer|changeCustomer|note|addContact|changeContact|removeContact|merge, tenant, …}]}',
    run: (call) => ({ ids: call.control.bulk(objectOf(call).changes as ChangeInput[]) }),
  },
  {
    method: 'PUT',
    path: '/control/rate-limit',
    help: '{enabled, requests, perSeconds, form: title|header|both}',
    run: (call) => {
      const { enabled, ...setting } = rateLimit.parse(objectOf(call));
      call.control.setRateLimit(enabled ? setting : undefined);
    },
  },
  {
    method: 'PUT',
    path: '/control/settings',
    help: '{contactsMoveCustomer, heldBackSeconds, tokenLifeSeconds, appKey}, each optional',
    run: (call) => {
      const { contactsMoveCustomer, heldBackSeconds, tokenLifeSeconds, appKey } = settings.parse(objectOf(call));
      if (contactsMoveCustomer !== undefined) call.control.contactsMoveCustomer = contactsMoveCustomer;
      if (heldBackSeconds !== undefined) call.control.heldBackMs = heldBackSeconds * 1000;
      if (tokenLifeSeconds !== undefined) call.control.tokenLifeSeconds = tokenLifeSeconds;
      if (appKey !== undefined) call.control.appKey = appKey;
    },
  },
  {
    method: 'POST',
    path: '/control/tokens/revoke',
    help: '{tenant}: its access tokens, or all, are refused from now on',
    run: (call) => ({
      revoked: call.control.revokeTokens(
        z.strictObject({ tenant: z.string().optional() }).parse(objectOf(call)).tenant,
      ),
    }),
  },
  {
    method: 'PUT',
    path: '/control/:tenant/hidden',
    help: '{hidden}: lists and exports are empty',
    run: (call) => call.control.hide(named(call).tenant, z.boolean().parse(objectOf(call).hidden)),
  },
  {
    method: 'POST',
    path: '/control/:tenant/customers',
    help: 'create {id, fields, createdOn, modifiedOn}, each optional',
    run: (call) => run(call, { ...objectOf(call), do: 'createCustomer', tenant: named(call).tenant }),
  },
  {
    method: 'GET',
    path: '/control/:tenant/customers/:id',
    help: 'the customer and its contacts as they are now',
    run: (call) => {
      const { tenant, id } = named(call);
      return { customer: call.control.customer(tenant, id), contacts: call.control.contactsOf(tenant, id) };
    },
  },
  {
    method: 'PATCH',
    path: '/control/:tenant/customers/:id',
    help: 'change {fields, modifiedOn}; without fields only modifiedOn moves',
    run: (call) => run(call, { ...objectOf(call), do: 'changeCustomer', ...named(call) }),
  },
  {
    method: 'POST',
    path: '/control/:tenant/customers/:id/notes',
    help: '{text}: a note, which moves modifiedOn',
    run: (call) => run(call, { ...objectOf(call), do: 'note', ...named(call) }),
  },
  {
    method: 'POST',
    path: '/control/:tenant/customers/:id/contacts',
    help: 'add a contact {fields: {type, value, …}}',
    run: (call) => {
      const { tenant, id } = named(call);
      return run(call, { ...objectOf(call), do: 'addContact', tenant, customer: id });
    },
  },
  {
    method: 'PATCH',
    path: '/control/:tenant/contacts/:id',
    help: 'change {fields, modifiedOn}',
    run: (call) => run(call, { ...objectOf(call), do: 'changeContact', ...named(call) }),
  },
  {
    method: 'DELETE',
    path: '/control/:tenant/contacts/:id',
    help: 'remove it; the export goes on showing it, as inactive',
    run: (call) => run(call, { do: 'removeContact', ...named(call) }),
  },
]);

function status(control: ServiceTitanControl) {
  return {
    now: new Date(control.now()).toISOString(),
    tenants: Object.fromEntries(control.tenantIds.map((id) => [id, control.count(id)])),
    hidden: [...control.hidden],
    latencyMs: control.latencyMs,
    stale: control.stale,
    rateLimit: control.rateLimit ?? false,
    contactsMoveCustomer: control.contactsMoveCustomer,
    heldBackSeconds: control.heldBackMs / 1000,
    tokenLifeSeconds: control.tokenLifeSeconds,
    faults: control.faults().length,
    requests: control.logSummary(),
  };
}
