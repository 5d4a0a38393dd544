import { setTimeout as sleep } from 'node:timers/promises';
import { startWorkflow } from '../../../temporal/start';
import { delta as deltaRun, reconciliation } from '../../../temporal/workflows';
import type { Up } from '../up/bringUp';
import type { Finding, Step } from './steps';
import type { Studios } from './studioSimulator';

/** The entities of the connector, and the kinds of records at the source whose lists they are. */
export const entities = ['customers', 'class_sessions', 'bookings', 'orders', 'memberships'] as const;
const kinds = {
  customers: 'users',
  class_sessions: 'class_sessions',
  orders: 'orders',
  memberships: 'membership_instances',
} as const;

/** Makes the connection of a brand. */
export type AddBrand = (brand: string, baseUrl: string, secrets: Readonly<Record<string, string>>) => Promise<void>;

/** Longer than any step takes on a busy machine. */
const patienceMs = 600_000;

/** The proof, in order, and what it measured. The first sync has ended. */
export async function marianaTekProof(
  { db, client, apiUrl, settings }: Up,
  studios: Studios,
  { addBrand, url }: { readonly addBrand: AddBrand; readonly url: string },
): Promise<{ readonly steps: readonly Step[]; readonly figures: () => Finding }> {
  const one = async (sql: string): Promise<Record<string, never>> => (await db.raw(sql)).rows[0];
  const report = await one(
    `select p.records, round(extract(epoch from r.ended_at - r.started_at))::int as seconds,
       round(p.records / greatest(extract(epoch from r.ended_at - r.started_at), 0.001))::int as per_second
     from tidemark.runs r join tidemark.run_parts p on p.run_id = r.id
     where r.connection_id = 'harbour' and r.entity = 'bookings' order by r.id limit 1`,
  );
  const figures: Record<string, string | number | boolean | null> = {
    report_rows: report.records ?? null,
    report_seconds: report.seconds ?? null,
    report_rows_per_second: report.per_second ?? null,
  };
  const firstRequests = await studios.requests();
  const ofReports = Object.entries(firstRequests).filter(([path]) => /table_report|exports/.test(path));
  figures.requests_of_two_reports = ofReports.reduce((sum, [, count]) => sum + count, 0);
  figures.first_sync_requests = Object.values(firstRequests).reduce((sum, count) => sum + count, 0);

  const delta = async (entity: string) =>
    (await startWorkflow({ db, client }, deltaRun, { connectionId: 'harbour', entity, trigger: 'cli' })).result();
  const reconcile = async (entity: string) =>
    (await startWorkflow({ db, client }, reconciliation, { connectionId: 'harbour', entity, trigger: 'cli' })).result();
  const api = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${apiUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${settings.apiKey}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const live = async (brand: string, entity: string): Promise<number> =>
    (
      await one(
        `select count(*)::int as count from mariana_tek_${entity} where connection_id = '${brand}' and deleted_at is null`,
      )
    ).count ?? 0;
  const booking = (where: string) => async (): Promise<string> =>
    String(
      (
        await one(`select external_id as id from mariana_tek_bookings
      where connection_id = 'harbour' and deleted_at is null and ${where} order by external_id limit 1`)
      ).id,
    );
  const statusOf = async (id: string): Promise<Finding> =>
    one(`select status, deleted_at is null as live from mariana_tek_bookings
      where connection_id = 'harbour' and external_id = '${id}'`);

  const pastBookings = async (brand: string): Promise<number> => (await studios.totals(brand)).pastBookings;
  const checked = async (connection: string): Promise<Finding> => {
    const { body } = await api('GET', `/api/connections/${connection}/check`);
    const says = new Set((body.entities as { says: string }[]).map((entity) => entity.says));
    return { auth: String(body.auth), says: [...says].join(' ') };
  };
  const listed = async (brand: string): Promise<Finding> =>
    Object.fromEntries(
      await Promise.all(Object.keys(kinds).map(async (entity) => [entity, await live(brand, entity)])),
    );

  let recent = '';
  let older = '';
  let gone = '';
  let counted: Finding = {};
  let tokens: Finding = {};
  let failed: Finding = {};
  let aliases: Finding = {};

  const steps: Step[] = [
    {
      name: 'first sync: every record of the lists is a live row',
      act: async () => undefined,
      expected: async () => {
        const counts = await studios.counts('harbour');
        return Object.fromEntries(Object.entries(kinds).map(([entity, kind]) => [entity, counts[kind] ?? 0]));
      },
      found: () => listed('harbour'),
      withinMs: 0,
    },
    {
      name: 'a report of more than 500 rows is a job; its document comes from another host, without a token',
      act: async () => undefined,
      expected: async () => ({ bookings: await pastBookings('harbour'), jobs: 2, documents: 2 }),
      found: async () => ({
        bookings: await live('harbour', 'bookings'),
        jobs: firstRequests['/api/async_table_report_data'] ?? 0,
        documents: firstRequests['/exports/{id}.json'] ?? 0,
      }),
      withinMs: 0,
    },
    {
      name: 'the other brand, by its key: another id of the report, other headers, the same columns',
      act: async () => undefined,
      expected: async () => ({
        bookings: await pastBookings('summit'),
        without_email: 0,
        auth: 'bearer',
        // the report is more than one answer may hold, and a check starts no job
        says: 'read later',
      }),
      found: async () => ({
        bookings: await live('summit', 'bookings'),
        ...(await one(`select count(*)::int as without_email from mariana_tek_bookings
          where connection_id = 'summit' and customer_email is null`)),
        ...(await checked('summit')),
      }),
      withinMs: 0,
    },
    {
      name: 'what a booking earns is apart from what was paid: the sale price is in the orders',
      act: async () => undefined,
      expected: async () => {
        const { salePriceCents, deferredCents } = await studios.totals('harbour');
        return { sale_price_cents: salePriceCents, deferred_cents: deferredCents };
      },
      found: () =>
        one(`select
          (select (sum(sale_price) * 100)::bigint::int from mariana_tek_orders where connection_id = 'harbour')
            as sale_price_cents,
          (select (sum(deferred_revenue) * 100)::bigint::int from mariana_tek_bookings where connection_id = 'harbour')
            as deferred_cents`),
      withinMs: 0,
    },
    {
      name: 'a booking of the last week changes: the next delta brings exactly that',
      act: async () => {
        recent = await booking('class_date >= current_date - 5')();
        await studios.change('harbour', 'reservations', recent, { status: 'graced cancel' });
        const { counts } = await delta('bookings');
        counted = { inserted: counts.inserted, updated: counts.updated };
      },
      expected: async () => ({ inserted: 0, updated: 1, status: 'graced cancel', live: true }),
      found: async () => ({ ...counted, ...(await statusOf(recent)) }),
      withinMs: 0,
    },
    {
      name: 'an older booking changes and another one is removed: a reconciliation finds both',
      act: async () => {
        older = await booking('class_date < current_date - 20')();
        gone = await booking(`class_date < current_date - 20 and external_id <> '${older}'`)();
        await studios.change('harbour', 'reservations', older, { status: 'removed' });
        await studios.remove('harbour', 'reservations', gone);
        const { deleted } = await reconcile('bookings');
        counted = { deleted };
      },
      expected: async () => ({ deleted: 1, status: 'removed', live: true, gone_is_live: false }),
      found: async () => ({
        ...counted,
        ...(await statusOf(older)),
        gone_is_live: (await statusOf(gone)).live ?? null,
      }),
      withinMs: 0,
    },
    {
      name: 'daily metrics: each day has the figures of its rows, in a table of their own',
      act: async () => undefined,
      expected: async () => {
        const { salePriceCents, deferredCents } = await studios.totals('harbour');
        return { sales_cents: salePriceCents, deferred_cents: deferredCents, days_without_rows: 0 };
      },
      found: async () => {
        const { made } = await one(`select to_regclass('public.mariana_tek_daily_metrics') is not null as made`);
        // the first sweep makes the table
        if (!made) return { days: 0 };
        return one(`select (sum(sales) * 100)::bigint::int as sales_cents,
            (sum(deferred_revenue) * 100)::bigint::int as deferred_cents,
            count(*) filter (where bookings + cancelled + orders = 0)::int as days_without_rows
          from mariana_tek_daily_metrics where connection_id = 'harbour'`);
      },
      // the sweep computes the days that were changed once a minute
      withinMs: 180_000,
    },
    {
      name: 'a job that fails is started again, and a document that lacks rows is never taken for the whole',
      act: async () => {
        await studios.decideJobs(['failed', 'rows-missing']);
        await studios.clearLog();
        const { outcome } = await delta('bookings');
        const requests = await studios.requests();
        failed = { outcome, jobs: requests['/api/async_table_report_data'] ?? 0 };
      },
      expected: async () => ({ outcome: 'succeeded', jobs: 3, bookings: await pastBookings('harbour') }),
      found: async () => ({ ...failed, bookings: await live('harbour', 'bookings') }),
      withinMs: 0,
    },
    {
      name: 'tokens are revoked, and another client uses the refresh token: one new token, by the password',
      act: async () => {
        await studios.useRefreshTokens('harbour');
        await studios.revokeTokens('harbour');
        await studios.clearLog();
        const { outcome } = await delta('orders');
        tokens = { outcome, new_tokens: (await studios.requests())['/o/token/'] ?? 0 };
      },
      expected: async () => ({ outcome: 'succeeded', new_tokens: 1 }),
      found: async () => tokens,
      withinMs: 0,
    },
    {
      name: 'a wrong password is seen at the check, which asks for data and not for a token only',
      act: () => addBrand('wrong', url, { username: 'demo', password: 'not it' }),
      expected: async () => ({ auth: 'oauth2 password', says: 'refused' }),
      found: () => checked('wrong'),
      withinMs: 0,
    },
    {
      name: 'the paths that scripts of before know: a sync answers at once, and status and log show it',
      act: async () => {
        const { status, body } = await api('POST', '/api/admin/sync/orders', { brand: 'harbour' });
        const [first] = (body.started ?? []) as { workflowId: string }[];
        const log = async () => {
          const { body: shown } = await api('GET', '/api/admin/sync/log?brand=harbour&limit=1');
          return (shown.runs as { entity: string; status: string }[])[0];
        };
        const begun = performance.now();
        while ((await log())?.status === 'running' && performance.now() - begun < patienceMs) await sleep(100);
        const { body: state } = await api('GET', '/api/admin/sync/status?brand=harbour');
        const connections = state.connections as { needsCredentials: unknown }[];
        aliases = {
          sync: status,
          started: first !== undefined,
          log: (await log())?.entity ?? null,
          credentials: connections.every(({ needsCredentials }) => needsCredentials === null),
        };
      },
      expected: async () => ({ sync: 202, started: true, log: 'orders', credentials: true }),
      found: async () => aliases,
      withinMs: 0,
    },
  ];
  return { steps, figures: () => figures };
}
