import { type Engine, startChurch, startEngine } from '../support/engine';
import { afterRequests, aMinuteLater, type Control, expectEqual, failureOf, people } from './support';
import { secretValue, someThings, startThings, type Things } from './thingsSource';

/** Invariant 3: a row is soft-deleted only on evidence. */
describe('a source with `one`', () => {
  let engine: Engine;
  let control: Control;
  let ids: string[];

  beforeAll(async () => {
    ({ engine, control } = await startChurch({ people: 400 }, { giveUpAfterMs: 0 }));
    ids = [...control.all('people')].map(({ id }) => id);
    await engine.delta('people');
  });
  beforeEach(async () => {
    control.clearFaults();
    control.clearLog();
    await aMinuteLater(engine);
  });

  const deletedRows = async () =>
    Number((await engine.db.raw(`select count(*) as n from ${people} where deleted_at is not null`)).rows[0].n);

  test.each([
    ['whose pages are short', { kind: 'shortPage', keep: 60 }, 'ContractBroken'],
    ['whose total contradicts its pages', { kind: 'wrongTotal', by: -37 }, 'ContractBroken'],
    ['whose next page is the same again', { kind: 'repeatNext' }, 'ContractBroken'],
    ['that answers an error with 200', { kind: 'errorBody' }, 'ContractBroken'],
    ['that is a login page', { kind: 'html' }, 'ContractBroken'],
    ['that is cut short again and again', { kind: 'cut' }, 'SourceUnreachable'],
  ] as const)('a scan %s deletes nothing', async (_what, fault, type) => {
    control.addFault({ match: 'fields[Person]', skip: 1, fault });
    const before = await deletedRows();
    expect(await failureOf(engine.reconcile('people'))).toBe(type);
    expect(await deletedRows()).toBe(before);
    await expectEqual(engine, control);
  });

  test('a scan that was broken off in the middle and resumed is complete', async () => {
    control.delete('people', ids[20] as string);
    // the four tries within one attempt, then the attempt after it
    control.addFault({ match: 'fields[Person]', skip: 2, count: 4, fault: { kind: 'status', status: 503 } });
    const patient = await startChurchWorker();
    const result = await engine.reconcile('people');
    await patient.stop();
    expect(result).toMatchObject({ scanned: 399, gone: 1, deleted: 1 });
    const pages = control.log().filter(({ query, status }) => query.includes('fields[Person]') && status === 200);
    expect(pages.filter(({ query }) => !query.includes('offset') || query.includes('offset=0'))).toHaveLength(1);
    await expectEqual(engine, control);
  });

  /** The same queue, with another idea of when to give up; the impatient worker is stopped for it. */
  async function startChurchWorker() {
    await engine.worker.stop();
    return engine.startWorker({ giveUpAfterMs: 60_000 });
  }
});

describe('a row that a webhook or a delta wrote while the scan ran', () => {
  let engine: Engine;
  let control: Control;

  beforeAll(async () => {
    ({ engine, control } = await startChurch({ people: 300 }));
    await engine.delta('people');
  });

  test('is not deleted, although the scan had passed its place', async () => {
    await aMinuteLater(engine);
    control.latencyMs = 60;
    control.clearLog();
    const running = engine.reconcile('people');
    let fresh = '';
    await afterRequests(control, 2, () => {
      fresh = control.create('people', { createdAt: '2001-01-01T00:00:00Z', attributes: { last_name: 'Fresh' } });
    });
    await engine.record('people', fresh);
    expect(await running).toMatchObject({ outcome: 'succeeded', deleted: 0 });
    control.latencyMs = 0;
    await expectEqual(engine, control);
  });

  test('a delete for an id that has no row yet is remembered, and a late page cannot bring it back', async () => {
    const id = control.create('people', { attributes: { last_name: 'Ghost' } });
    control.delete('people', id);
    await engine.record('people', id);
    // the listing still shows what `one` calls gone
    control.create('people', { id, attributes: { last_name: 'Ghost' } });
    control.addFault({ match: `/people/${id}`, fault: { kind: 'status', status: 404 } });
    await engine.delta('people');
    expect((await engine.rows(people)).has(id)).toBe(false);
    await engine.reconcile('people');
    expect((await engine.rows(people)).has(id)).toBe(false);
    control.clearFaults();
    control.delete('people', id);
  });
});

describe('the deletion guard sums over 24 hours', () => {
  let engine: Engine;
  let control: Control;
  let ids: string[];

  beforeAll(async () => {
    ({ engine, control } = await startChurch({ people: 700 }));
    ids = [...control.all('people')].map(({ id }) => id);
    await engine.delta('people');
  });
  beforeEach(() => aMinuteLater(engine));

  test('also what a run deleted that failed afterwards', async () => {
    for (const id of ids.slice(0, 80)) control.delete('people', id);
    control.addFault({ match: `/people/${ids[70]}`, fault: { kind: 'status', status: 401 } });
    expect(await failureOf(engine.reconcile('people'))).toBe('CredentialsRefused');
    control.clearFaults();
    const deleted = 700 - (await engine.rows(people)).size;
    expect(deleted).toBeGreaterThan(0);
    for (const id of ids.slice(80, 110)) control.delete('people', id);
    const result = await engine.reconcile('people');
    expect(result).toMatchObject({ outcome: 'waiting', deleted: 0 });
    expect(result.reason).toContain(`with the ${deleted} deleted in the last 24 hours`);
  });

  test('and lets through again what is below it when a day has passed', async () => {
    await engine.db.raw(`update tidemark.plans set created_at = created_at - interval '25 hours'`);
    for (const id of ids.slice(80, 110)) control.create('people', { id });
    const result = await engine.reconcile('people');
    expect(result.outcome).toBe('succeeded');
    await expectEqual(engine, control);
  });
});

describe('a source without `one`', () => {
  let engine: Engine;
  let things: Things;

  beforeAll(async () => {
    const page = { path: '/things', paging: { scheme: 'offset', sizeParam: 'size', pageSize: 100 } as const };
    const listing = { ...page, records: 'data', total: 'total' };
    things = await startThings(someThings(250), {
      listings: {
        all: listing,
        changes: { ...listing, since: { param: 'since', form: 'iso-seconds', boundary: 'inclusive' } },
      },
    });
    const { connector, source } = things;
    engine = await startEngine({ connector, settings: { baseUrl: source.baseUrl }, secrets: { token: secretValue } });
    await engine.delta('things');
  });
  beforeEach(() => aMinuteLater(engine, 'acme_things'));

  const listings = () => things.source.requests.filter((url) => url.startsWith('/things?') && url.includes('offset=0'));

  test('deletes what two complete scans did not list', async () => {
    things.records.delete('t1007');
    const before = listings().length;
    expect(await engine.reconcile('things')).toMatchObject({ outcome: 'succeeded', gone: 1, deleted: 1 });
    expect(listings().length - before).toBe(2);
    expect((await engine.rows('acme_things')).size).toBe(249);
  });

  test('keeps what the second scan lists after all', async () => {
    things.unlisted.add('t1008');
    const before = listings().length;
    things.instead = (url) => {
      // the second scan begins
      if (url.searchParams.get('offset') === '0' && listings().length === before + 2) things.unlisted.delete('t1008');
      return undefined;
    };
    const result = await engine.reconcile('things');
    expect(result).toMatchObject({ outcome: 'succeeded', gone: 1, deleted: 0 });
    expect((await engine.rows('acme_things')).has('t1008')).toBe(true);
  });

  test('keeps what a delta received while the scans ran', async () => {
    const fresh = { id: 'fresh', updated_at: new Date().toISOString().replace(/\.\d+Z$/, 'Z'), name: 'Fresh' };
    things.unlisted.add('fresh');
    things.records.set('fresh', fresh);
    let once = true;
    things.instead = (url) => {
      if (url.searchParams.has('since')) return { body: { data: [fresh], total: 1, more: false } };
      if (!once) return undefined;
      once = false;
      // the scan's first request is answered when the delta has written the row
      return engine.delta('things').then(() => undefined);
    };
    expect(await engine.reconcile('things')).toMatchObject({ outcome: 'succeeded', unlisted: 1, deleted: 0 });
    expect((await engine.rows('acme_things')).has('fresh')).toBe(true);
  });

  test('a second scan that fails deletes nothing', async () => {
    things.records.delete('t1009');
    const before = listings().length;
    things.instead = () => (listings().length > before + 1 ? { body: { oops: true } } : undefined);
    expect(await failureOf(engine.reconcile('things'))).toBe('ContractBroken');
    expect((await engine.rows('acme_things')).has('t1009')).toBe(true);
  });
});
