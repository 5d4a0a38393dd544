import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageFolder } from '../../../ownPackage';
import { startWorkflow } from '../../../temporal/start';
import { delta as deltaRun, reconciliation } from '../../../temporal/workflows';
import type { Up } from '../up/bringUp';
import { guideQueries } from './guideQueries';
import type { Finding, Step } from './steps';
import type { Titan } from './titanSimulator';

/** The guide's workspace. */
export const workspaceId = '45963';
const firstCustomer = 20_000_001;
const target = { connectionId: workspaceId, entity: 'customers' };

/** Longer than any step takes on a busy machine. */
const patienceMs = 600_000;

async function until(what: string, reached: () => Promise<boolean>): Promise<void> {
  const begun = performance.now();
  while (!(await reached())) {
    if (performance.now() - begun > patienceMs) throw new Error(`waited ${patienceMs / 1_000} s in vain for ${what}`);
    await sleep(100);
  }
}

/** The proof, in order, and what it measured. The first sync has ended. */
export async function serviceTitanProof(
  { db, client, apiUrl, settings }: Up,
  titan: Titan,
): Promise<{ readonly steps: readonly Step[]; readonly figures: () => Finding }> {
  const one = async (sql: string): Promise<Record<string, never>> => (await db.raw(sql)).rows[0];
  const firstSync = await one(
    `select round(extract(epoch from ended_at - started_at))::int as seconds from tidemark.runs order by id limit 1`,
  );
  const figures: Record<string, string | number | boolean | null> = { first_sync_seconds: firstSync.seconds ?? null };
  await db.raw(
    readFileSync(join(packageFolder(), 'connectors', 'service-titan', 'contacts.sql'), 'utf8').replaceAll('?', '\\?'),
  );

  const api = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${apiUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${settings.apiKey}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  /** Waits for a workflow by the path that scripts of before know. */
  const ended = async (workflowId: string): Promise<string> => {
    let outcome = 'running';
    await until(`the end of ${workflowId}`, async () => {
      const { body } = await api('GET', `/status?instanceId=${encodeURIComponent(workflowId)}`);
      outcome = String((body.result as { outcome?: string } | null)?.outcome ?? body.state);
      return body.state !== 'running';
    });
    return outcome;
  };
  const startedBy = (body: Record<string, unknown>) =>
    String((body.started as { workflowId: string }[] | undefined)?.[0]?.workflowId);
  const delta = async () => (await startWorkflow({ db, client }, deltaRun, { ...target, trigger: 'cli' })).result();
  const written = async (since: Date) => {
    const { rows } = await db.raw('select count(*)::int as count from contacts where updated_at > ?', [since]);
    return rows[0].count as number;
  };
  const now = async (): Promise<Date> => (await db.raw('select clock_timestamp() as at')).rows[0].at;
  const requests = async () => Object.values(await titan.requests()).reduce((sum, count) => sum + count, 0);

  /** Notes on some customers, one delta, and what it wrote. */
  function noted(name: string, ids: readonly string[]): Step {
    let found: Finding = {};
    return {
      name,
      act: async () => {
        for (const id of ids) await titan.note(id);
        await titan.clearLog();
        const since = await now();
        const began = performance.now();
        await delta();
        const withinSixSeconds = performance.now() - began < 6_000;
        figures[`requests_for_${ids.length}_changed`] = await requests();
        found = { contacts: await written(since), requests: await requests(), within_6_s: withinSixSeconds };
      },
      expected: async () => {
        const each = await Promise.all(ids.map((id) => titan.contactsOf(id)));
        return { contacts: each.filter((all) => all.length > 0).length, requests: 3, within_6_s: true };
      },
      found: async () => found,
      withinMs: 0,
    };
  }

  const withPhone = async (): Promise<{ readonly customer: string; readonly contact: string }> => {
    for (let id = firstCustomer + 500; ; id++) {
      const phone = (await titan.contactsOf(String(id))).find(({ type }) => type === 'Phone');
      if (phone) return { customer: String(id), contact: String(phone.id) };
    }
  };
  let phoned = '';
  let busy: Finding = {};
  let moved: Finding = {};
  let compared: Finding = {};

  const steps: Step[] = [
    {
      name: 'first sync: the export for the customers, and their contacts for 25 at a time',
      act: async () => {
        const { '/export/customers': pages = 0, '/customers/contacts': contacts = 0 } = await titan.requests();
        figures.first_sync_requests = pages + contacts;
      },
      expected: async () => ({ ...(await titan.counts()), export_pages: 30 }),
      found: async () => ({
        ...(await one(
          `select count(*)::int as customers, sum(jsonb_array_length(raw_related -> 'contacts'))::int as contacts
           from service_titan_customers where deleted_at is null`,
        )),
        export_pages: (await titan.requests())['/export/customers'] ?? 0,
      }),
      withinMs: 0,
    },
    noted('a note on one of 30,000 customers writes exactly one contact', [String(firstCustomer + 100)]),
    noted(
      'notes on twelve customers write exactly these contacts, less those without any',
      Array.from({ length: 12 }, (_, n) => String(firstCustomer + 200 + n * 7)),
    ),
    {
      name: 'a phone number that changes alone arrives with the next delta',
      act: async () => {
        const { customer, contact } = await withPhone();
        phoned = customer;
        await titan.changeContact(contact, '(200) 555-0123');
        await delta();
      },
      expected: async () => ({ phone: '(200) 555-0123' }),
      found: () => one(`select phone from contacts where crm_id = '${phoned}'`),
      withinMs: 0,
    },
    {
      name: 'a trigger while a run is running answers 409, and tokens revoked in mid-run cost one new token',
      act: async () => {
        await titan.clearLog();
        const { status, body } = await api('POST', '/api/sync', { connection: workspaceId, full: true });
        if (status !== 202) throw new Error(`POST /api/sync answers ${status}: ${JSON.stringify(body)}`);
        await until('30 requests of the sync', async () => (await requests()) >= 30);
        const second = await api('POST', '/trigger', { workspaceId });
        await titan.revokeTokens();
        const outcome = await ended(startedBy(body));
        busy = { second_trigger: second.status, outcome, new_tokens: (await titan.requests())['/connect/token'] ?? 0 };
      },
      expected: async () => ({ second_trigger: 409, outcome: 'succeeded', new_tokens: 1 }),
      found: async () => busy,
      withinMs: 0,
    },
    {
      name: 'a cursor moves forward only on purpose, with a reason, and the skipped span is named',
      act: async () => {
        const to = (await now()).toISOString();
        const reset = { connection: workspaceId, entity: 'customers', to, reason: 'skip the catch-up' };
        const refused = await api('POST', '/api/cursor/reset', reset);
        const allowed = await api('POST', '/api/cursor/reset', { ...reset, forward: true });
        const { rows } = await db.raw(
          `select reason from tidemark.audit where action = 'cursor reset' order by id desc limit 1`,
        );
        const skipped = allowed.body.skipped as { readonly from: string | null; readonly to: string } | null;
        moved = { without_forward: refused.status, skipped: skipped?.to === to, audited: rows[0]?.reason ?? null };
      },
      expected: async () => ({ without_forward: 409, skipped: true, audited: 'skip the catch-up' }),
      found: async () => moved,
      withinMs: 0,
    },
    {
      name: 'a reconciliation compares all customers and contacts: nothing differs',
      act: async () => {
        const started = await startWorkflow({ db, client }, reconciliation, { ...target, trigger: 'cli' });
        const { outcome, missing, stale, deleted } = await started.result();
        compared = { outcome, missing, stale, deleted };
      },
      expected: async () => ({ outcome: 'succeeded', missing: 0, stale: 0, deleted: 0 }),
      found: async () => compared,
      withinMs: 0,
    },
    {
      name: "the guide's own SQL runs unchanged: contacts, contacts per hour, duplicates, the state of the sync",
      act: async () => undefined,
      expected: async () => ({ queries: guideQueries.length, latest: 20, repeated_ids: 0, sync_status: 'idle' }),
      found: async () => {
        const results = [];
        for (const sql of guideQueries) results.push((await db.raw(sql)).rows);
        const [state, latest, , , repeated] = results;
        return {
          queries: results.length,
          latest: latest.length,
          repeated_ids: repeated.length,
          sync_status: state[0]?.sync_status ?? null,
        };
      },
      withinMs: 0,
    },
    {
      name: 'no delta has walked through the whole list',
      act: async () => undefined,
      expected: async () => ({ suspicious: 0 }),
      found: async () => {
        const { body } = await api('GET', `/api/rows/walks?connection=${workspaceId}&entity=customers`);
        return { suspicious: Number(body.suspicious) };
      },
      withinMs: 0,
    },
  ];
  return { steps, figures: () => figures };
}
