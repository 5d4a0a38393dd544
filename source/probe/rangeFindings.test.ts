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
