import type { Simulator } from '../../connectors/planning-center/simulator';
import type { VerifyResult } from '../../schema/definition/checks';
import { workflowNames } from '../../schema/workflows';
import { aMinuteLater, people } from '../invariants/support';
import { secretValue, someThings, startThings, thingsPage } from '../invariants/thingsSource';
import { connectionId, type Engine, startChurch, startEngine } from '../support/engine';

const verify = async (engine: Engine, sample: number | null, entity = 'people'): Promise<VerifyResult> =>
  (await engine.start<VerifyResult>(workflowNames.verify, { connectionId, entity, sample })).result();

describe('a source with `one`', () => {
  let engine: Engine;
  let control: Simulator['control'];
  let ids: string[];
  const everything = () => engine.db.raw(`select * from ${people} order by external_id`).then(({ rows }) => rows);

  beforeAll(async () => {
    ({ engine, control } = await startChurch({ people: 150 }));
    ids = [...control.all('people')].map(({ id }) => id);
    await engine.delta('people');
    await aMinuteLater(engine);
  });

  test('equal: nothing differs, in a sample and in all', async () => {
    expect(await verify(engine, 40)).toMatchObject({ all: false, compared: 40, differing: 0, liveRows: 150 });
    expect(await verify(engine, null)).toMatchObject({ all: true, compared: 150, differing: 0, unclear: 0 });
  });

  test('every kind of difference is found and named, pending ones apart, and nothing is written', async () => {
    const [differs, missing, deleted, gone, pending] = ids as [string, string, string, string, string];
    await engine.db.raw(`update ${people} set last_name = 'Wrong' where external_id = ?`, [differs]);
    await engine.db.raw(`delete from ${people} where external_id = ?`, [missing]);
    await engine.db.raw(`update ${people} set deleted_at = now() where external_id = ?`, [deleted]);
    control.delete('people', gone);
    control.change('people', pending, { attributes: { last_name: 'Just now' } });
    const before = await everything();
    const all = await verify(engine, null);
    expect(new Map(all.differences.map((one) => [one.id, one]))).toEqual(
      new Map([
        [differs, { id: differs, found: 'differs', columns: ['last_name'] }],
        [missing, { id: missing, found: 'missing', columns: [] }],
        [deleted, { id: deleted, found: 'deleted', columns: [] }],
        [gone, { id: gone, found: 'gone', columns: [] }],
      ]),
    );
    expect(all).toMatchObject({ compared: 149, differing: 4, pending: 1, askedAgain: 4 });
    const sampled = await verify(engine, 1000);
    expect(sampled.differences.map(({ id }) => id).sort()).toEqual([differs, gone].sort());
    expect(sampled).toMatchObject({ compared: 147, differing: 2, pending: 1, liveRows: 148 });
    expect(await everything()).toEqual(before);
    const { rows } = await engine.db.raw(`select relname from pg_class where relname like 'verify\\_%'`);
    expect(rows).toEqual([]);
  });

  test('a difference that the read lag explains is gone when it is asked again', async () => {
    await engine.reconcile('people');
    // its version is the source's, so only its content tells
    await engine.record('people', ids[0] as string);
    control.addFault({ match: '/people/v2/people/', count: 3, fault: { kind: 'status', status: 404 } });
    const result = await verify(engine, 1000);
    control.clearFaults();
    expect(result).toMatchObject({ differing: 0, askedAgain: 3 });
  });
});

test('without `one` all is compared by listing alone', async () => {
  const { connector, source, records } = await startThings(someThings(120), { listings: { all: thingsPage } });
  const engine = await startEngine({
    connector,
    settings: { baseUrl: source.baseUrl },
    secrets: { token: secretValue },
  });
  await engine.delta('things');
  await aMinuteLater(engine, 'acme_things');
  records.delete('t1007');
  await engine.db.raw(`update acme_things set amount = 99 where external_id = 't1003'`);
  const result = await verify(engine, null, 'things');
  expect(result).toMatchObject({ compared: 120, differing: 2, askedAgain: 0 });
  expect(result.differences).toEqual([
    { id: 't1003', found: 'differs', columns: ['amount'] },
    { id: 't1007', found: 'gone', columns: [] },
  ]);
});
