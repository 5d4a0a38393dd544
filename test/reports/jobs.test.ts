import type { Knex } from 'knex';
import { connectDatabase } from '../../destination/database/database';
import type { ListingInput } from '../../schema/definition/listings/listing';
import { atEnd, testDatabase } from '../environment';
import { json } from '../support/sources/httpSource';
import { cappedReport, postedReport } from './definitions';
import { reportReader } from './reading';
import { makeRows, ReportSource, reset, status } from './reportSource';

/** How jobs are started and waited for. Both shapes of API are asked the same. */
let db: Knex;
beforeAll(async () => {
  db = connectDatabase((await testDatabase()).url);
});
afterAll(() => db.destroy());

type ReportInput = NonNullable<ListingInput['report']>;

async function world(shape: 'capped' | 'posted', changes: Partial<ReportInput> = {}, count = 8) {
  const source = await ReportSource.start(shape);
  atEnd(() => source.close());
  source.rows.push(...makeRows(count));
  const listing = shape === 'capped' ? cappedReport(changes) : postedReport(changes);
  return { source, reader: await reportReader(db, source, listing) };
}

const ids = (records: readonly { id: string }[]) => records.map(({ id }) => id);

test('an answer at once that is whole: no job is started', async () => {
  const { source, reader } = await world('capped', {}, 3);
  const { records, pages } = await reader.read();
  expect(ids(records)).toEqual(['r1', 'r2', 'r3']);
  expect(pages[0]?.end).toEqual({ provedBy: 'one-answer', certain: true });
  expect(source.steps()).toEqual(['at once']);
  expect(await reader.jobs()).toEqual([]);
});

test('an answer at once that is capped: nothing of it is taken, and a job brings the whole', async () => {
  const { source, reader } = await world('capped');
  const { records, pages, errors } = await reader.read();
  expect(records).toHaveLength(8);
  expect(records[0]).toEqual({ id: 'r1', name: 'name 1', date: '2026-11-20' });
  expect(pages.map(({ end }) => end?.provedBy)).toEqual(['total']);
  // each attempt ends with a wait that holds no slot, and the next one goes on
  expect(source.steps()).toEqual(['at once', 'start', 'poll', 'poll', 'document']);
  expect(errors.map(({ type }) => type)).toEqual(['SourceAsksToWait', 'SourceAsksToWait']);
  expect(errors.every(({ retryAfterMs }) => (retryAfterMs ?? 0) >= 1_000)).toBe(true);
});

test.each([
  ['a number of records', { records: 3 } as const],
  ['a total', 'total' as const],
])('an answer at once that is capped by %s', async (_, capped) => {
  const source = await ReportSource.start('capped');
  atEnd(() => source.close());
  source.rows.push(...makeRows(8));
  const atOnce = {
    data: {
      attributes: {
        headers: ['Row ID', 'Name', 'Day'],
        rows: [
          ['r1', 'a', null],
          ['r2', 'b', null],
          ['r3', 'c', null],
        ],
      },
    },
    total: 8,
  };
  source.fail('at once', (response) => json(response, atOnce));
  const reader = await reportReader(db, source, {
    ...cappedReport({ capped }),
    ...(capped === 'total' && { total: 'total' }),
  });
  expect((await reader.read()).records).toHaveLength(8);
});

test('started by POST, a third request for the address, gzipped values: the token goes to the API and never to the storage', async () => {
  const { source, reader } = await world('posted');
  const { records, pages } = await reader.read();
  expect(records).toHaveLength(8);
  expect(records[7]).toEqual({ id: 'r8', name: 'name 8', date: '2026-11-18' });
  expect(pages.at(-1)?.end).toEqual({ provedBy: 'one-answer', certain: true });
  expect(source.steps()).toEqual(['start', 'poll', 'poll', 'link', 'document']);
  for (const { step, authorization } of source.asked) {
    expect([step, authorization !== undefined]).toEqual([step, step !== 'document']);
  }
});

describe.each(['capped', 'posted'] as const)('%s', (shape) => {
  test('the answers are as old as the start, and as late as the last byte', async () => {
    const { source, reader } = await world(shape);
    const before = Date.now();
    await reader.attempt();
    const started = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 30));
    const { pages } = await reader.read();
    const [page] = pages;
    expect(page?.sent).toBeGreaterThanOrEqual(before - 2);
    expect(page?.sent).toBeLessThanOrEqual(started);
    expect(page?.received).toBeGreaterThan(started + 25);
    const answers = [];
    for (const each of pages) for await (const answer of each.answers()) answers.push(answer);
    expect(answers.map(({ sent, received }) => [sent, received])).toEqual(
      pages.map(({ sent, received }) => [sent, received]),
    );
    expect(source.jobs).toHaveLength(1);
  });

  test.each([
    ['the connection breaks', reset],
    ['a gateway gives up', status(504)],
    ['the server fails', status(500)],
    ['it took too long', status(408)],
    ['a gateway asks to wait a little', status(503, {}, { 'Retry-After': '1' })],
    ['a gateway asks to wait longer', status(503, {}, { 'Retry-After': '60' })],
    ['the body is cut', ((response) => response.writeHead(200).end('{"data":[{"i')) as typeof reset],
  ])(
    'the answer to the start is lost since %s: no second job before the life of the first is over',
    async (_, fault) => {
      const { source, reader } = await world(shape);
      source.fail('start', (response, request) => {
        source.startJob({});
        fault(response, request);
      });
      const lost = await reader.attempt();
      expect(lost.error).toBeDefined();
      expect(await reader.jobs()).toMatchObject([{ state: 'starting', job: null }]);
      for (const run of ['1', '2', '3']) {
        await reader.runIs('1', { status: 'failed' });
        const { error } = await reader.attempt({ run });
        expect(error).toMatchObject({ type: 'SourceAsksToWait' });
      }
      expect(source.steps().filter((step) => step === 'start')).toHaveLength(1);
      expect((await reader.jobs()).map(({ state }) => state)).toEqual(['starting']);
      await reader.later(3_700_000);
      const { records } = await reader.read({ run: '4' });
      expect(records).toHaveLength(8);
      expect(source.steps().filter((step) => step === 'start')).toHaveLength(2);
      expect((await reader.jobs()).map(({ state }) => state)).toEqual(['lost', 'running']);
    },
  );

  test('a worker dies between the intent and the answer: the next one starts no other job', async () => {
    const { source, reader } = await world(shape);
    let arrived = () => {};
    const asked = new Promise<void>((resolve) => (arrived = resolve));
    source.fail('start', () => arrived());
    void reader.attempt().catch(() => undefined);
    await asked;
    expect(await reader.jobs()).toMatchObject([{ state: 'starting', job: null }]);
    const { error } = await reader.attempt();
    expect(error).toMatchObject({ type: 'SourceAsksToWait', message: expect.stringContaining('was not answered') });
    expect(source.steps().filter((step) => step === 'start')).toHaveLength(1);
  });

  test.each([
    ['a refusal', 400, 'ContractBroken'],
    ['no permission', 403, 'CredentialsRefused'],
    ['a used-up quota', 429, 'SourceAsksToWait'],
  ])('%s proves that no job was started: the next attempt may start one', async (_, code, type) => {
    const { source, reader } = await world(shape);
    source.fail('start', status(code, {}, code === 429 ? { 'Retry-After': '60' } : {}));
    expect((await reader.attempt()).error).toMatchObject({ type });
    expect(await reader.jobs()).toMatchObject([{ state: 'refused' }]);
    expect((await reader.read()).records).toHaveLength(8);
    expect(source.jobs).toHaveLength(1);
  });

  test('another job is running: it is not adopted, whatever its id; ours is started after it', async () => {
    const { source, reader } = await world(shape);
    // started at 11:00 by somebody, and without what changed since
    const theirs = source.startJob({});
    source.rows[0] = { id: 'r1', name: 'changed at 11:50', date: '2026-11-20' };
    source.fail('start', status(409, { running: theirs.id, reportId: theirs.id, data: [{ id: theirs.id }] }), 3);
    const { records, errors } = await reader.read();
    expect(records[0]?.name).toBe('changed at 11:50');
    expect(errors.filter(({ message }) => message.includes('another job'))).toHaveLength(3);
    expect(source.jobs).toHaveLength(2);
    expect(theirs.polls).toBe(0);
    expect(await reader.jobs()).toMatchObject([{ state: 'running', job: 'job-2' }]);
  });

  test('another job that never ends fails the run after the patience, which begins again with the next run', async () => {
    const { source, reader } = await world(shape);
    source.fail('start', status(409), 4);
    await reader.attempt();
    await reader.later(3 * 3_600_000);
    expect((await reader.attempt({ run: '2' })).error).toMatchObject({ type: 'SourceAsksToWait' });
    await reader.attempt({ run: '2' });
    await reader.later(3 * 3_600_000);
    expect((await reader.attempt({ run: '2' })).error).toMatchObject({ type: 'ContractBroken' });
    expect((await reader.read({ run: '3' })).records).toHaveLength(8);
  });

  test('a job that nobody documented a state for fails the run by its name, and no other one is started', async () => {
    const { source, reader } = await world(shape);
    source.state = 'ARCHIVING';
    const { failed } = await reader.read();
    expect(failed).toMatchObject({ type: 'ContractBroken', message: expect.stringContaining('"ARCHIVING"') });
    expect((await reader.read({ run: '2' })).failed?.message).toContain('"ARCHIVING"');
    expect(source.jobs).toHaveLength(1);
    source.state = 'complete';
    expect((await reader.read({ run: '3' })).records).toHaveLength(8);
    expect(source.jobs).toHaveLength(1);
  });

  test('a job that fails is started again, three times in all', async () => {
    const { source, reader } = await world(shape);
    source.state = shape === 'capped' ? 'failed' : 'FATAL';
    const { failed } = await reader.read();
    expect(failed).toMatchObject({ type: 'ContractBroken', message: expect.stringContaining('3 jobs') });
    if (shape === 'capped') expect(failed?.message).toContain('out of memory');
    expect(source.jobs).toHaveLength(3);
    expect((await reader.jobs()).map(({ state }) => state)).toEqual(['failed', 'failed', 'failed']);
    source.state = 'complete';
    expect((await reader.read({ run: '2' })).records).toHaveLength(8);
  });

  test('a state counts as empty only where that is declared', async () => {
    const cancelled = await world(shape);
    cancelled.source.state = 'CANCELLED';
    expect((await cancelled.reader.read()).failed?.type).toBe('ContractBroken');
    const base = (shape === 'capped' ? cappedReport() : postedReport()).report as ReportInput;
    const declared = await world(shape, { poll: { ...base.poll, failed: [], empty: ['CANCELLED'] } });
    declared.source.state = 'CANCELLED';
    const { records, pages, failed } = await declared.reader.read();
    expect([records, failed, pages.at(-1)?.end?.certain]).toEqual([[], undefined, true]);
  });

  test('a job that is stuck: a wait that grows, then the patience, and the same job for the next run', async () => {
    const { source, reader } = await world(shape);
    source.pending = 1_000;
    await reader.attempt();
    await reader.later(200_000);
    const wait = await reader.attempt();
    expect(wait.error).toMatchObject({ type: 'SourceAsksToWait' });
    expect(wait.error?.retryAfterMs).toBeGreaterThan(15_000);
    const base = (shape === 'capped' ? cappedReport() : postedReport()).report as ReportInput;
    const impatient = await world(shape, { poll: { ...base.poll, patience: '30m' } });
    impatient.source.pending = 1_000;
    await impatient.reader.attempt();
    await impatient.reader.later(1_900_000);
    expect((await impatient.reader.attempt()).error).toMatchObject({
      type: 'ContractBroken',
      message: expect.stringContaining('patience'),
    });
    impatient.source.pending = 0;
    expect((await impatient.reader.read({ run: '2' })).records).toHaveLength(8);
    expect(impatient.source.jobs).toHaveLength(1);
  });

  test('a source that says how long to wait is asked no earlier', async () => {
    const { source, reader } = await world(shape);
    await reader.attempt();
    const pending = shape === 'capped' ? { data: { status: 'processing' } } : { processingStatus: 'IN_QUEUE' };
    source.fail('poll', status(200, pending, { 'Retry-After': '120' }));
    const { retryAfterMs } = (await reader.attempt()).error ?? {};
    expect(retryAfterMs).toBeGreaterThanOrEqual(119_000);
    expect(retryAfterMs).toBeLessThanOrEqual(121_000);
  });

  test('a poll that fails says nothing of the job', async () => {
    const { source, reader } = await world(shape);
    await reader.attempt();
    source.fail('poll', status(500), 1);
    expect((await reader.attempt()).error).toMatchObject({ type: 'SourceUnavailable' });
    expect((await reader.read()).records).toHaveLength(8);
    expect(source.jobs).toHaveLength(1);
  });

  test('a job that the source does not know yet is waited for; one that it has forgotten is started again', async () => {
    const { source, reader } = await world(shape);
    await reader.attempt();
    source.fail('poll', status(404), 2);
    expect((await reader.attempt()).error).toMatchObject({ type: 'SourceAsksToWait' });
    await reader.later(120_000);
    expect((await reader.attempt()).error).toMatchObject({ type: 'SourceUnavailable' });
    expect((await reader.read()).records).toHaveLength(8);
    expect(source.jobs).toHaveLength(2);
    expect((await reader.jobs()).map(({ state }) => state)).toEqual(['expired', 'running']);
  });

  test('a start that is answered without an id may have started a job', async () => {
    const { source, reader } = await world(shape);
    source.fail('start', status(200, { nothing: 'here' }));
    expect((await reader.attempt()).error).toMatchObject({
      type: 'ContractBroken',
      message: expect.stringContaining("job's id"),
    });
    expect((await reader.attempt({ run: '2' })).error).toMatchObject({ type: 'SourceAsksToWait' });
    expect(source.jobs).toHaveLength(0);
  });
});

test('a job whose start was not answered is found in the list of jobs, if it is ours', async () => {
  const find = {
    request: { path: '/jobs' },
    jobs: 'data',
    job: 'id',
    created: 'created',
    same: { 'of.slug': 'orders' },
  };
  const { source, reader } = await world('capped', { find });
  const older = source.startJob({ slug: 'orders' });
  (older as { created: string }).created = new Date(Date.now() - 60_000).toISOString();
  source.startJob({ slug: 'other' });
  source.fail('start', reset);
  await reader.attempt();
  expect((await reader.attempt()).error?.message).toContain('was not answered, so a job may be running');
  const ours = source.startJob({ slug: 'orders' });
  await reader.attempt();
  expect(await reader.jobs()).toMatchObject([{ state: 'running', job: ours.id }]);
  expect((await reader.read()).records).toHaveLength(8);
  expect(source.steps().filter((step) => step === 'start')).toHaveLength(1);
});

test('the job of a run that failed is gone on with by the next run, and is as old as its start', async () => {
  const { source, reader } = await world('capped');
  await reader.runIs('21', {});
  await reader.attempt({ run: '21' });
  const [before] = await reader.jobs();
  await reader.runIs('21', { status: 'failed' });
  const { pages } = await reader.read({ run: '22' });
  expect(source.jobs).toHaveLength(1);
  expect(Math.floor(pages[0]?.sent ?? 0)).toBe(Number(before?.sent));
});

test('a job that has been read is not read again: the next run, and the second scan, start their own', async () => {
  const { source, reader } = await world('capped');
  await reader.runIs('31', { step: 'scan' });
  await reader.read({ run: '31', step: 'scan' });
  await reader.runIs('31', { step: 'scan', done: true });
  await reader.read({ run: '31', step: 'second-scan' });
  expect(source.jobs).toHaveLength(2);
  await reader.runIs('31', { step: 'second-scan', done: true });
  await reader.runIs('31', { step: 'second-scan', done: true, status: 'succeeded' });
  await reader.read({ run: '32' });
  expect(source.jobs).toHaveLength(3);
});

test('delta and reconciliation of one report go one after the other, and neither takes the other one’s job', async () => {
  const { source, reader } = await world('capped');
  await reader.runIs('41', {});
  await reader.attempt({ run: '41' });
  await reader.runIs('42', { step: 'scan' });
  expect((await reader.attempt({ run: '42', step: 'scan' })).error).toMatchObject({
    type: 'SourceAsksToWait',
    message: expect.stringContaining(`run ${reader.runId('41')}`),
  });
  expect(source.jobs).toHaveLength(1);
  await reader.read({ run: '41' });
  await reader.runIs('41', { done: true });
  await reader.read({ run: '42', step: 'scan' });
  expect(source.jobs).toHaveLength(2);
});

test('nothing starts a job for what is no run', async () => {
  const { source, reader } = await world('posted');
  const source2 = source.jobs.length;
  const found = await reader.probe();
  expect(found.findings).toMatchObject([{ about: 'report', verdict: 'unknown' }]);
  await expect(reader.readWithoutRun()).rejects.toMatchObject({ type: 'Usage' });
  expect([source.jobs.length, source.asked]).toEqual([source2, []]);
  // what is answered at once can be probed
  const other = await world('capped');
  expect((await other.reader.probe()).requests).toBeGreaterThan(0);
  expect(new Set(other.source.steps())).toEqual(new Set(['at once']));
});

test('changes up to the day before today: the answer at once is asked for the same range as the job', async () => {
  const source = await ReportSource.start('capped');
  atEnd(() => source.close());
  const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
  source.rows.push(...makeRows(8).map((row) => ({ ...row, date: day(2) })));
  const window = { field: 'date', form: 'date', timeZone: 'UTC', to: 'today' } as const;
  const ranged = cappedReport({ range: { from: '{since}', to: '{until}' }, window });
  const since = { form: 'date', timeZone: 'UTC', boundary: 'inclusive' } as const;
  const listings = { all: cappedReport(), changes: { ...ranged, since } };
  const reader = await reportReader(db, source, cappedReport(), { listings });
  const { records } = await reader.read({ listing: 'changes', since: new Date(Date.now() - 5 * 86_400_000) });
  expect(records).toHaveLength(8);
  const ranges = source.asked.filter(({ url }) => url.includes('to=')).map(({ url }) => /to=([\d-]+)/.exec(url)?.[1]);
  expect(ranges).toEqual([day(1), day(1)]);
});
