import { dailySales, shopWith } from '../../test/derived/shop';

const at = 'shop.rollups.daily_sales';

test.each([
  [
    'an entity that there is not',
    { inputs: { order: { days: ['sold_at'] } } },
    `${at}.inputs.order: there is no entity`,
  ],
  [
    'a column that there is not',
    { inputs: { orders: { days: ['sold'] } } },
    `${at}.inputs.orders.days: there is no column 'sold' in row`,
  ],
  [
    'a column without a day',
    { inputs: { orders: { days: ['total'] } } },
    `${at}.inputs.orders.days: column 'total' is numeric, but a day comes from a date or a time`,
  ],
  ['no days at all', { inputs: { stores: { days: 'all' as const } } }, `${at}.inputs: of one entity at least`],
  ['no inputs', { inputs: {} }, `${at}.inputs: name an entity at least`],
  ['the table of an entity', { table: 'shop_orders' }, `${at}.table: 'shop_orders' is the table of an entity`],
  ['the present time', { sql: 'select count(*) as n from orders where sold_at < NOW()' }, `${at}.sql: 'NOW(' gives`],
  ['a semicolon', { sql: 'select 1 as n from orders;' }, `${at}.sql: must be one select, without a semicolon`],
  ['no zone', { timeZone: 'Berlin' }, 'rollups.0.timeZone'],
])('a roll-up with %s is refused with the path', (_, change, message) => {
  expect(() => shopWith({ ...dailySales, ...change })).toThrow(message);
});

test('two roll-ups of one name are refused', () => {
  expect(() => shopWith(dailySales, dailySales)).toThrow(`${at}: defined twice`);
});
