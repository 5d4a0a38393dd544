import { z } from 'zod';
import { readyContext } from '../../clients/operations/definition/context';
import { showRow } from '../../clients/operations/work/records';
import { listSetAside } from '../../destination/setAside/setAsideEntries';
import type { VerifyResult } from '../../schema/definition/checks';
import { defineConnector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import { decimal } from '../../schema/json/decimal';
import type { JsonObject } from '../../schema/json/json';
import { workflowNames } from '../../schema/workflows';
import { atEnd } from '../environment';
import { connectionId, type Engine, startEngine } from '../support/engine';
import { json, startSource } from '../support/sources/httpSource';

/** The amounts as text, so that what is sent is known digit by digit. */
const amounts = ['12345678901234.5678', '0.123456789012345678', '100.10', '-9999999999999999.99', '9007199254740993'];
const record = (id: number, amount: string) =>
  `{"id":${id}, "updated_at":"2026-01-01T00:00:00Z", "amount":${amount}, "ratio":0.10000000000000001, "same":9007199254740995, "text":"9007199254740995"}`;
const bodies = new Map(amounts.map((amount, index) => [String(index + 1), record(index + 1, amount)]));

const schedule = { delta: { every: '12h' }, reconciliation: { at: '03:00' } } as const;
const shared = {
  key: 'id',
  deltaSyncField: { name: 'updated_at', kind: 'instant' },
  supportsWebhooks: false,
  schedule,
} as const;
const listings = {
  all: { path: '/entries', records: 'data', paging: { scheme: 'none' } },
  one: { path: '/entries/{id}' },
} as const;

const exact = defineEntity({
  ...shared,
  name: 'exact',
  row: z.object({ amount: decimal().nullable(), ratio: z.number(), whole: z.record(z.string(), z.unknown()) }),
  map: (r: JsonObject) => ({
    amount: r.amount as string,
    ratio: r.ratio as number,
    whole: { amount: r.amount, renamed: r.amount, list: [r.amount], same: r.same, text: r.text },
  }),
  listings,
});
const rounding = defineEntity({
  ...shared,
  name: 'rounding',
  record: z.looseObject({ amount: z.number() }),
  row: z.object({ amount: z.number().meta({ column: 'numeric' }) }),
  map: ({ amount }) => ({ amount }),
  listings,
});

let engine: Engine;
const rows = async (table: string) => {
  const { rows: found } = await engine.db.raw(
    `select external_id as id, amount::text, raw->>'amount' as raw from ${table} order by external_id`,
  );
  return found as { id: string; amount: string; raw: string }[];
};
const wholes = async () => {
  const { rows: found } = await engine.db.raw('select whole::text from ledger_exact order by external_id');
  return found.map(({ whole }: { whole: string }) => whole.replaceAll(': ', ':').replaceAll(', ', ','));
};
const verify = async (): Promise<VerifyResult> =>
  (await engine.start<VerifyResult>(workflowNames.verify, { connectionId, entity: 'exact', sample: null })).result();

beforeAll(async () => {
  const source = await startSource((_request, response, url) => {
    const id = url.pathname.split('/')[2];
    json(response, id === undefined ? `{"data":[${[...bodies.values()].join(',\n')}]}` : (bodies.get(id) ?? '{}'));
  });
  atEnd(() => source.close());
  const connector = defineConnector({
    name: 'ledger',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [exact, rounding],
  });
  engine = await startEngine({ connector, settings: { baseUrl: source.baseUrl } });
  await engine.delta('exact');
});

const numbers = amounts.map((amount) => (amount === '100.10' ? '100.1' : amount));

test('every amount arrives digit by digit, in its column and in raw', async () => {
  const found = await rows('ledger_exact');
  expect(found.map(({ amount }) => amount)).toEqual(numbers);
  expect(found.map(({ raw }) => raw)).toEqual(amounts);
});

test('in a jsonb column they are the numbers that the source sent; a text of the same digits stays a text', async () => {
  const expected = numbers.map((amount) =>
    JSON.stringify({ list: ['A'], same: 'S', text: '9007199254740995', amount: 'A', renamed: 'A' })
      .replaceAll('"A"', amount)
      .replace('"S"', '9007199254740995'),
  );
  expect(await wholes()).toEqual(expected);
  // mapped again, they are the same
  await engine.db.raw(`update ledger_exact set whole = '{}'`);
  await (await engine.start(workflowNames.remap, { connectionId, entity: 'exact', trigger: 'manual' })).result();
  expect(await wholes()).toEqual(expected);
});

test('the row that is shown to an operator has every digit', async () => {
  const { db, connector, temporal } = engine;
  const context = readyContext({ db, connectors: [connector], client: temporal.client });
  const shown = await Promise.all(
    amounts.map(async (_, index) => {
      const { row } = await showRow(context, { connection: connectionId, entity: 'exact', id: String(index + 1) });
      return JSON.parse(JSON.stringify(row)) as { amount: string; raw: { amount: unknown } };
    }),
  );
  expect(shown.map(({ amount }) => amount)).toEqual(numbers);
  expect(shown.map(({ raw }) => String(raw.amount))).toEqual(numbers);
});

test('verify compares exactly: a difference that doubles do not show is found', async () => {
  expect(await verify()).toMatchObject({ compared: amounts.length, differing: 0 });
  await engine.db.raw(`update ledger_exact set amount = 12345678901234.5679 where external_id = '1'`);
  expect(await verify()).toMatchObject({ differences: [{ id: '1', found: 'differs', columns: ['amount'] }] });
});

test('mapped again from raw, and asked for alone, it is the same', async () => {
  await engine.db.raw('update ledger_exact set amount = null');
  await (await engine.start(workflowNames.remap, { connectionId, entity: 'exact', trigger: 'manual' })).result();
  expect((await rows('ledger_exact')).map(({ amount }) => amount)).toEqual(numbers);
  await engine.db.raw(`delete from ledger_exact where external_id = '1'`);
  await engine.record('exact', '1');
  expect((await rows('ledger_exact'))[0]).toEqual({ id: '1', amount: amounts[0], raw: amounts[0] });
});

test('what would be rounded is set aside with the cause and the helper', async () => {
  await engine.delta('rounding');
  expect(await rows('ledger_rounding')).toEqual([{ id: '3', amount: '100.1', raw: '100.10' }]);
  const entries = await listSetAside(engine.db, { entity: 'rounding' });
  expect(entries).toHaveLength(amounts.length - 1);
  for (const { detail } of entries) expect(detail).toMatch(/more digits than a number holds.* decimal\(\)/);
});
