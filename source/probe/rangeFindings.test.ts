import type { ConnectorEntity } from '../../schema/definition/connector';
import { type Answer, probedOf, said } from '../../test/support/sources/probed';

const hour = 3_600_000;
const ago = (milliseconds: number) => new Date(Date.now() - milliseconds).toISOString();
const paging = { scheme: 'none' } as const;
/** The table of these tests has one column, `name`. */
const answer =
  (names: readonly (string | null)[], updated = ago(48 * hour)): Answer =>
  () => ({ data: names.map((name, n) => ({ id: `i${n}`, name, updated_at: updated })) });
const all = (further: object) => ({ listings: { all: { path: '/people', records: 'data', paging, ...further } } });

test('of a list without changes younger than it withholds nothing is concluded, and one that shows them withholds less', async () => {
  const held = all({ heldBack: '15m' });
  expect(said(await probedOf('held-back', answer(['a']), held))).toEqual([
    'unknown: the newest record of the first page is older than 15m',
  ]);
  const [found] = said(await probedOf('held-back', answer(['a'], ago(20_000)), held));
  expect(found).toMatch(/^unknown: the list shows a record that was changed \d+ s ago: it withholds less than 15m$/);
  expect(await probedOf('held-back', answer(['a']), all({}))).toEqual([]);
});

describe('a declared range', () => {
  const covers = { field: 'name', from: '30d', to: '1d' };
  const probed = async (names: readonly (string | null)[]) => {
    const of = (entity: ConnectorEntity): ConnectorEntity => {
      const { listings } = entity;
      return { ...entity, listings: { ...listings, all: { ...listings.all, covers } } };
    };
    return said(await probedOf('covers', answer(names), all({}), { of }));
  };

  test('of which the list shows some is not contradicted: more than that only the source knows', async () => {
    expect(await probed([ago(72 * hour), ago(24 * 50 * hour)])).toEqual([
      expect.stringMatching(/^unknown: 1 of 2 listed records are in the range that is declared, by name/),
    ]);
  });

  test('contradicts where no listed record is in it, or none has a date', async () => {
    const far = [ago(24 * 50 * hour), ago(-24 * 50 * hour), ago(24 * 90 * hour)];
    expect(await probed(far)).toEqual([expect.stringMatching(/^contradicts: 0 of 3/)]);
    expect(await probed(far.slice(1))).toEqual([expect.stringMatching(/^unknown: 0 of 2/)]);
    expect(await probed(['Ada', null, 'Grace'])).toEqual([expect.stringMatching(/^contradicts: no record has a date/)]);
    expect(await probed([])).toEqual([expect.stringMatching(/^unknown: no record has a date/)]);
  });
});

describe('a range that is declared for `ids`', () => {
  const covers = { field: 'name', from: '30d' };
  /** Records of so many days ago, of which `ids` lists those of the last `shown` days, without their dates. */
  const probed = async (shown: number) => {
    const records = [1, 5, 9, 12, 20, 26, 50, 70].map((days) => ({
      ...{ id: `d${days}`, days, name: ago(24 * hour * days), updated_at: ago(48 * hour) },
    }));
    const source: Answer = ({ pathname }) =>
      pathname === '/ids'
        ? { data: records.filter(({ days }) => days <= shown).map(({ id, updated_at }) => ({ id, updated_at })) }
        : { data: records };
    const ids = { path: '/ids', records: 'data', paging };
    const of = (entity: ConnectorEntity): ConnectorEntity => {
      const { listings } = entity;
      return { ...entity, listings: { ...listings, ...(listings.ids && { ids: { ...listings.ids, covers } }) } };
    };
    const definition = { listings: { ...all({}).listings, ids } };
    return [
      ...(await probedOf('covers', source, definition, { of })),
      ...(await probedOf('ids-list', source, definition, { of })),
    ];
  };
  const bad = async (shown: number) => said(await probed(shown)).filter((text) => text.startsWith('contradicts'));

  test('agrees where it lists what `all` shows there', async () => {
    expect(await bad(30)).toEqual([]);
    expect(said(await probed(30))).toContainEqual(
      "agrees: 6 of 6 records in 'ids' are in the range declared for it, by name, and it lacks 0 of 6 that 'all' shows there",
    );
  });

  test('contradicts where the list is shorter than the range', async () => {
    expect(await bad(7)).toEqual([
      expect.stringMatching(/^contradicts: 'ids' lacks 4 of 6 records of 'all' that are in the range/),
    ]);
  });

  test('of which only an edge is missing is not contradicted', async () => {
    expect(await bad(25)).toEqual([]);
  });
});
