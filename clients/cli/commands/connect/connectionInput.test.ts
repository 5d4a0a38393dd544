import { z } from 'zod';
import { defineConnector, defineEntity } from '../../../../schema';
import { variableOf } from '../../terminal/secretInput';
import { checkedSecrets, schedulesFrom, settingsFrom } from './connectionInput';

const entity = (name: string, supportsWebhooks: boolean) =>
  defineEntity({
    name,
    row: z.object({ title: z.string() }),
    key: 'id',
    deltaSyncField: { name: 'updated_at', kind: 'instant' },
    listings: { all: { path: '/things', paging: { scheme: 'none' } }, one: { path: '/things/{id}' } },
    supportsWebhooks,
    map: () => ({ title: '' }),
  });

const shop = defineConnector({
  name: 'shop',
  settings: z.object({
    baseUrl: z.url().default('https://shop.example.com'),
    pageSize: z.int().default(50),
    zip: z.string().optional(),
    stores: z.array(z.string()).default([]),
  }),
  secrets: z.object({ token: z.string().min(8), webhookSecret: z.string().optional() }),
  auth: { scheme: 'bearer', token: 'token' },
  webhooks: { signature: { header: 'x-signature', secret: 'webhookSecret' }, events: () => [] },
  entities: [entity('orders', true), entity('customers', false)],
});

test('settings are text where text is wanted, else JSON, over those there are, with the defaults filled in', () => {
  const set = { pageSize: '100', zip: '01234', stores: '["a","b"]' };
  expect(settingsFrom(shop, set, { baseUrl: 'https://other.example.com', pageSize: 20 })).toEqual({
    baseUrl: 'https://other.example.com',
    pageSize: 100,
    zip: '01234',
    stores: ['a', 'b'],
  });
});

test.each([
  [{ pageSize: 'ten' }, /settings\.pageSize: .*number/],
  [{ baseUrl: 'nowhere' }, /settings\.baseUrl: Invalid URL/],
  [{ pagesize: '10' }, /has no such setting\. Did you mean 'pageSize'\? It has: baseUrl, pageSize, zip, stores/],
  [{ constructor: 'x' }, /has no such setting/],
])('%j is refused with its path', (set, message) => expect(() => settingsFrom(shop, set, {})).toThrow(message));

test('secrets that are missing or wrong are named, and never shown', () => {
  expect(checkedSecrets(shop, { token: 'long enough' }, variableOf)).toEqual({ token: 'long enough' });
  expect(() => checkedSecrets(shop, {}, variableOf)).toThrow(
    /secrets\.token: missing \(or set TIDEMARK_SECRET_TOKEN\)/,
  );
  expect(() => checkedSecrets(shop, { token: 'hunter2' }, variableOf)).toThrow(
    expect.objectContaining({
      message: expect.stringMatching(/^(?![\s\S]*hunter2)[\s\S]*secrets\.token: Too small/),
    }),
  );
});

test('schedules apply to every entity and leave the rest of its schedule as it was', () => {
  const present = { orders: { reconciliation: { at: '02:00' } } };
  expect(schedulesFrom(shop, { delta: '5m' }, present)).toEqual({
    orders: { delta: { every: '5m' }, reconciliation: { at: '02:00' } },
    customers: { delta: { every: '5m' } },
  });
  expect(schedulesFrom(shop, {}, present)).toEqual(present);
});

test('a reconciliation cannot be switched off where nothing else finds deletions', () => {
  expect(() => schedulesFrom(shop, { reconcile: false }, {})).toThrow(/shop\.customers has no webhooks/);
});
