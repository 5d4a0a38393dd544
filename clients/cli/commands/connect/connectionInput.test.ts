import { z } from 'zod';
import { defineConnector, defineEntity } from '../../../../schema';
import { mandatorySettings, schedulesFrom, settingsFrom } from './connectionInput';

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

test('settings are text where text is wanted, else JSON; what is unknown or wrong stays for the operation to refuse', () => {
  const set = { pageSize: '100', zip: '01234', stores: '["a","b"]' };
  expect(settingsFrom(shop, set)).toEqual({ pageSize: 100, zip: '01234', stores: ['a', 'b'] });
  expect(settingsFrom(shop, { pageSize: 'ten', pagesize: '10' })).toEqual({ pageSize: 'ten', pagesize: '10' });
});

test('schedules apply to every entity', () => {
  const delta = { delta: { every: '5m' } };
  expect(schedulesFrom(shop, { delta: '5m' })).toEqual({ orders: delta, customers: delta });
  expect(schedulesFrom(shop, { reconcile: false })).toMatchObject({ orders: { reconciliation: false } });
  expect(schedulesFrom(shop, {})).toEqual({});
});

test('a setting is mandatory where it has no default', () => {
  expect(mandatorySettings(shop)).toEqual([]);
  const settings = shop.settings.extend({ tenant: z.string(), baseUrl: z.url() });
  expect(mandatorySettings({ ...shop, settings } as typeof shop)).toEqual(['baseUrl', 'tenant']);
});
