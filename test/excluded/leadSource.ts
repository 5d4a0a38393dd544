import { z } from 'zod';
import type { Connector } from '../../schema/definition/connector';
import { defineConnector } from '../../schema/definition/connector';
import { defineEntity, type EntityInput } from '../../schema/definition/entity';
import { SkipRecord } from '../../schema/errors';
import type { JsonObject } from '../../schema/json/json';
import { atEnd } from '../environment';
import { type Engine, startEngine } from '../support/engine';
import { json, startSource } from '../support/sources/httpSource';

const row = z.object({ name: z.string(), phone: z.string().nullable(), kind: z.string() });
export type LeadRow = typeof row;
export type LeadChanges = Partial<EntityInput<LeadRow, JsonObject>>;

/** Leads, and the reports that they become: a report has another id, and another spelling of the phone number. */
export interface Leads {
  readonly engine: Engine;
  readonly leads: Map<string, JsonObject>;
  readonly reports: Map<string, JsonObject>;
  /** changes a lead, or makes it, at this instant; its phone number is that of its own unless another is named */
  putLead(n: number, at: string, changes?: JsonObject): void;
  putReport(n: number, changes?: JsonObject): void;
  /** live leads and their names */
  live(): Promise<Record<string, unknown>>;
  /** of a lead, deleted or not */
  row(id: string): Promise<Record<string, unknown> | undefined>;
}

const list = (path: string) => ({ path, records: 'data', paging: { scheme: 'none' } }) as const;
const excludedBy: NonNullable<LeadChanges['excludedBy']> = [
  {
    entity: 'reports',
    match: [
      { column: 'phone', as: { lastDigits: 10 } },
      { column: 'kind', as: 'folded' },
    ],
  },
];

/** Every run lists all leads. */
export const wholeOnly: LeadChanges = { listings: { all: list('/leads') } };

export function leadsConnector(changes: LeadChanges = {}, excludes = true): Connector {
  const common = {
    row,
    key: 'id',
    deltaSyncField: { name: 'updated_at', kind: 'instant' },
    map: ({ name, phone, kind, hidden }: JsonObject) => {
      if (hidden === true) throw new SkipRecord('hidden at the source');
      return { name: String(name), phone: phone as string | null, kind: String(kind) };
    },
    supportsWebhooks: false,
    readLag: '1s',
  } as const;
  const leads = defineEntity<LeadRow>({
    ...common,
    name: 'leads',
    listings: {
      all: list('/leads'),
      changes: { ...list('/leads'), since: { param: 'since', form: 'iso-milliseconds', boundary: 'inclusive' } },
      ids: list('/leads'),
      one: { path: '/leads/{id}' },
    },
    ...(excludes && { excludedBy }),
    ...changes,
  });
  const reports = defineEntity<LeadRow>({
    ...common,
    name: 'reports',
    listings: { all: list('/reports'), one: { path: '/reports/{id}' } },
  });
  return defineConnector({
    name: 'shop',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [leads, reports],
  });
}

export const v1 = '2026-01-01T00:00:00.000Z';
export const v2 = '2026-02-01T00:00:00.000Z';
export const now = () => new Date().toISOString();

const phone = (n: number) => `98765 ${String(10_000 + n)}`;

export async function startLeads(count: number, changes: LeadChanges = {}): Promise<Leads> {
  const [leads, reports] = [new Map<string, JsonObject>(), new Map<string, JsonObject>()];
  const source = await startSource((_request, response, url) => {
    const [, entity, id] = url.pathname.split('/');
    const records = entity === 'leads' ? leads : reports;
    if (id !== undefined) {
      const found = records.get(id);
      return found ? json(response, found) : json(response, { error: 'gone' }, 404);
    }
    const since = url.searchParams.get('since') ?? '';
    json(response, { data: [...records.values()].filter(({ updated_at }) => String(updated_at) >= since) });
  });
  atEnd(() => source.close());
  const putLead = (n: number, at: string, changes: JsonObject = {}) =>
    void leads.set(`l${n}`, {
      ...{ id: `l${n}`, name: `l${n} of ${at.slice(0, 7)}`, phone: phone(n), kind: 'walk-in', updated_at: at },
      ...changes,
    });
  for (let n = 0; n < count; n++) putLead(n, v1);
  const engine = await startEngine({ connector: leadsConnector(changes), settings: { baseUrl: source.baseUrl } });
  return {
    ...{ engine, leads, reports, putLead },
    putReport: (n, changes = {}) =>
      void reports.set(`r${n}`, {
        ...{ id: `r${n}`, name: `r${n}`, phone: `+91 ${phone(n)}`, kind: 'Walk-In', updated_at: v1 },
        ...changes,
      }),
    live: async () => {
      const rows = [...(await engine.rows('shop_leads'))].sort(([a], [b]) => (a < b ? -1 : 1));
      return Object.fromEntries(rows.map(([id, { name }]) => [id, name]));
    },
    row: async (id) => engine.db('shop_leads').where({ external_id: id }).first(),
  };
}

/** The leads of these numbers, by id, with their names. */
export const names = (ids: readonly number[], at = '2026-01') =>
  Object.fromEntries(ids.map((n) => [`l${n}`, `l${n} of ${at}`]));
export const allBut = (count: number, ...left: number[]) =>
  Array.from({ length: count }, (_, n) => n).filter((n) => !left.includes(n));
