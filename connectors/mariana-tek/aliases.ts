import type { AliasInput } from '../../schema';

/** The entities by the names that the former service had for them. */
const entities = {
  customers: 'customers',
  class_sessions: 'class_sessions',
  bookings: 'bookings',
  reservations: 'bookings',
  orders: 'orders',
  memberships: 'memberships',
} as const;

/** The brand is the connection; without it, the paths are about all connections. */
const brand = { connection: '{brand}' } as const;
const sync = { method: 'POST', operation: 'sync' } as const;

/** The paths of the service that people used before, for their scripts. */
export const aliases: readonly AliasInput[] = [
  { ...sync, path: '/api/admin/sync', input: brand },
  ...Object.entries(entities).map(([path, entity]) => ({
    ...sync,
    path: `/api/admin/sync/${path}`,
    input: { ...brand, entity },
  })),
  { method: 'GET', path: '/api/admin/sync/status', operation: 'status', input: brand },
  { method: 'GET', path: '/api/admin/sync/log', operation: 'runs', input: { ...brand, limit: '{limit}' } },
  {
    ...{ method: 'GET', path: '/api/admin/metrics', operation: 'rollups show' },
    input: { ...brand, rollup: 'mariana_tek_daily_metrics', from: '{from}', to: '{to}', limit: '{limit}' },
  },
];
