import { gzipSync } from 'node:zlib';
import type { Knex } from 'knex';
import { z } from 'zod';
import { connectDatabase } from '../../destination/database/database';
import type { ListingInput } from '../../schema/definition/listings/listing';
import type { JsonObject } from '../../schema/json/json';
import { atEnd, testDatabase } from '../environment';
import { startSource } from '../support/sources/httpSource';
import { cappedReport, postedReport } from './definitions';
import { reportReader } from './reading';
import { gzippedCsv, jsonTable, makeRows, ReportSource, reset, status } from './reportSource';

/** How a document is found, judged and read. */
let db: Knex;
beforeAll(async () => {
  db = connectDatabase((await testDatabase()).url);
});
afterAll(() => db.destroy());

type ReportInput = NonNullable<ListingInput['report']>;

async function world(shape: 'capped' | 'posted', changes: Partial<ReportInput> = {}, count = 8) {
  const source = await ReportSource.start(shape);
  atEnd(() => source.close());
  source.pending = 0;
  source.rows.push(...makeRows(count));
  const listing = shape === 'capped' ? cappedReport(changes) : postedReport(changes);
  return { source, reader: await reportReader(db, source, listing) };
}

const starts = (source: ReportSource) => source.steps().filter((step) => step === 'start').length;
const redirect =
  (location: string): Parameters<ReportSource['fail']>[1] =>
  (response) =>
    void response.writeHead(302, { Location: location }).end();

describe.each(['capped', 'posted'] as const)('%s', (shape) => {
  test('an address that is not there yet, or has expired: another one is asked for, and the job stays', async () => {
    const { source, reader } = await world(shape);
    source.fail('document', status(404), 1);
    source.fail('document', status(403), 1);
    const { records, errors } = await reader.read();
    expect(records).toHaveLength(8);
    expect(errors.filter(({ message }) => /answered 40[34]/.test(message))).toHaveLength(2);
    expect(starts(source)).toBe(1);
    expect(source.steps().filter((step) => step === 'poll').length).toBeGreaterThanOrEqual(3);
  });

  test('a job whose addresses all lead nowhere is given up, and another one is started', async () => {
    const { source, reader } = await world(shape);
    source.fail('document', status(404), 6);
    expect((await reader.read()).records).toHaveLength(8);
    expect(starts(source)).toBe(2);
  });

  test('a storage that fails says nothing of the job', async () => {
    const { source, reader } = await world(shape);
    source.fail('document', status(503), 1);
    source.fail('document', reset, 1);
    const { records, errors } = await reader.read();
    expect(records).toHaveLength(8);
    expect(errors.filter(({ type }) => type === 'SourceUnavailable')).toHaveLength(2);
    expect(starts(source)).toBe(1);
  });

  test('a redirect is followed where it leads to a declared host, without our token', async () => {
    const { source, reader } = await world(shape);
    source.fail('document', (response) => redirect(source.linkOf(source.jobs[0] as never))(response, {} as never));
    expect((await reader.read()).records).toHaveLength(8);
    const documents = source.asked.filter(({ step }) => step === 'document');
    expect(documents.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
  });

  test.each([
    ['http://10.1.2.3/latest', 'none of the hosts'],
    ['http://169.254.169.254/latest/meta-data', 'none of the hosts'],
    ['https://files.example.org/x', 'none of the hosts'],
    ['ftp://127.0.0.1/x', 'is not https'],
    ['http://user:pw@127.0.0.1/x', 'contains credentials'],
  ])('neither an address nor a redirect leads to %s', async (address, why) => {
    const first = await world(shape);
    first.source.linkOf = () => `${address}?signature=s3cr3t-elsewhere`;
    const { failed } = await first.reader.read();
    expect(failed).toMatchObject({ type: 'ContractBroken', message: expect.stringContaining(why) });
    expect(failed?.message).not.toContain('s3cr3t');
    expect(first.source.steps()).not.toContain('document');
    const second = await world(shape);
    second.source.fail('document', redirect(`${address}?signature=s3cr3t-elsewhere`));
    const after = await second.reader.read();
    expect(after.failed?.message).toContain(why);
    expect(after.failed?.message).not.toContain('s3cr3t');
  });

  test.each([
    ['10.1.2.3', '10.1.2.3'],
    ['169.254.169.254', '169.254.169.254'],
    ['[fd00::1]', '[fd00::1]'],
    ['[::ffff:192.168.0.1]', '[::ffff:c0a8:1]'],
  ])('a private address is refused even where the definition allows the host: %s', async (host, allowed) => {
    const base = (shape === 'capped' ? cappedReport() : postedReport()).report as ReportInput;
    const { source, reader } = await world(shape, { link: { ...base.link, hosts: [allowed] } });
    source.linkOf = () => `http://${host}/document?signature=s3cr3t`;
    expect((await reader.read()).failed?.message).toContain('is a private address');
  });

  test('a redirect leads to no private address, even of an allowed host', async () => {
    const base = (shape === 'capped' ? cappedReport() : postedReport()).report as ReportInput;
    const { source, reader } = await world(shape, { link: { ...base.link, hosts: ['127.0.0.1', '0.0.0.0'] } });
    // it would answer: 0.0.0.0 is this machine
    source.fail('document', redirect(source.storage.baseUrl.replace('127.0.0.1', '0.0.0.0')));
    expect((await reader.read()).failed?.message).toContain('is a private address');
    expect(source.steps().filter((step) => step === 'document')).toHaveLength(1);
  });

  test('a redirect that never ends is given up', async () => {
    const { source, reader } = await world(shape);
    source.fail('document', (response) => redirect(source.linkOf(source.jobs[0] as never))(response, {} as never), 100);
    expect((await reader.read()).failed?.message).toContain('redirects more than');
  });

  test('the query of an address is in no error, no job and no resume point', async () => {
    const { source, reader } = await world(shape, {}, 3_000);
    const seen: string[] = [];
    source.fail('document', status(403, 'the signature s3cr3t-of-job-1 has expired'), 1);
    source.fail('document', (response) => void response.writeHead(200, { 'Content-Length': 100 }).end('{"a":1'), 1);
    const { errors, pages } = await reader.read();
    seen.push(...errors.map(({ message, stack }) => message + stack));
    seen.push(JSON.stringify(pages.map(({ resumePoint }) => resumePoint)), JSON.stringify(await reader.jobs()));
    seen.push(...reader.notices);
    expect(errors.length).toBeGreaterThan(1);
    for (const text of seen) expect(text).not.toMatch(/s3cr3t|signature=/);
  });
});

describe('a document that is damaged ends its job, and up to three jobs are tried', () => {
  test.each([
    ['cut, with the right Content-Length', (text: string) => text.slice(0, text.length - 40), 'cut short'],
    [
      'one row short of its total',
      (text: string) => text.replace('["r8","name 8","2026-11-18"]', '').replace(/,\]/, ']'),
      'its total is 8',
    ],
    ['a web page', () => '<html>sign in</html>', 'not an object or a list'],
    ['empty', () => '', 'is empty'],
    ['without the rows', () => '{"headers":[],"total_records":0}', "no list at 'rows'"],
  ])('%s', async (_, damage, problem) => {
    const { source, reader } = await world('capped');
    source.documentOf = (job) => damage(jsonTable(job));
    const { failed } = await reader.read();
    expect(failed).toMatchObject({ type: 'ContractBroken', message: expect.stringContaining(problem) });
    expect(starts(source)).toBe(3);
    expect((await reader.jobs()).map(({ state }) => state)).toEqual(['spoiled', 'spoiled', 'spoiled']);
    source.documentOf = jsonTable;
    expect((await reader.read({ run: '2' })).records).toHaveLength(8);
  });

  test.each([
    ['gzip that is cut', (bytes: Buffer) => bytes.subarray(0, bytes.length - 12)],
    [
      'gzip with a wrong checksum',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -8), Buffer.alloc(4), bytes.subarray(-4)]),
    ],
    ['no gzip, although the source says so', () => Buffer.from('Row ID,Name,Day\r\nr1,a,2026-11-20\r\n')],
    ['no UTF-8', () => gzipSync(Buffer.from([0x52, 0xff, 0xfe, 0x0a]))],
  ])('%s', async (_, damage) => {
    const { source, reader } = await world('posted');
    source.documentOf = (job) => damage(gzippedCsv(job));
    expect((await reader.read()).failed).toMatchObject({ type: 'ContractBroken' });
    expect(starts(source)).toBe(3);
  });

  test('what came before the damage may be written; nothing that needs the whole is', async () => {
    const { source, reader } = await world('capped', {}, 3_500);
    source.documentOf = (job) => jsonTable(job).slice(0, -40);
    const { pages, error } = await reader.attempt({}).then(() => reader.attempt());
    expect(error?.message).toContain('cut short');
    expect(pages.map(({ records }) => records.length)).toEqual([1_000, 1_000]);
    for (const { end, resumePoint } of pages) expect([end, resumePoint === null]).toEqual([null, false]);
  });
});

describe('a document that is not the declared one fails the run at once, before a row is taken', () => {
  test.each([
    ['a renamed header', (text: string) => text.replace('"Row ID"', '"Row Number"'), "no header 'Row ID' or 'Row Id'"],
    ['a header twice', (text: string) => text.replace('"Day"', '"Name"'), "'Name'"],
    [
      'headers behind the rows',
      (text: string) =>
        text.replace('"headers":["Row ID","Name","Day"],', '').replace(/}$/, ',"headers":["Row ID","Name","Day"]}'),
      'headers',
    ],
    ['no total', (text: string) => text.replace('total_records', 'totals'), 'not a number of records'],
  ])('%s', async (_, change, problem) => {
    const { source, reader } = await world('capped', {}, 2_500);
    source.documentOf = (job) => change(jsonTable(job));
    const { failed, pages } = await reader.read();
    expect(failed).toMatchObject({ type: 'ContractBroken', message: expect.stringContaining(problem) });
    if (problem !== 'not a number of records') expect(pages).toEqual([]);
    expect(starts(source)).toBe(1);
  });

  test('a missing header of separated values', async () => {
    const { source, reader } = await world('posted');
    source.documentOf = ({ rows }) =>
      gzipSync(['Row ID,Day', ...rows.map(({ id, date }) => `${id},${date}`)].join('\n'));
    expect((await reader.read()).failed?.message).toContain("no header 'Name'");
  });

  test('nothing shows that a document is whole', async () => {
    const { source, reader } = await world('posted', {
      link: { ...(postedReport().report as ReportInput).link, compression: { path: 'nothing', is: 'GZIP' } },
    });
    source.documentOf = () => 'Row ID,Name,Day\nr1,a,2026-11-20\n';
    expect((await reader.read()).failed?.message).toContain('nothing proves');
  });
});

test('a row with more or fewer values than headers is set aside, alone', async () => {
  const { source, reader } = await world('posted');
  source.documentOf = () => gzipSync('Row ID,Name,Day\nr1,a,2026-11-20\nr2,b\nr3,c,2026-11-20\n');
  const { pages } = await reader.read();
  const answers = [];
  for (const page of pages) for await (const answer of page.answers()) answers.push(answer);
  expect(answers.flatMap(({ live }) => live.map(({ id }) => id))).toEqual(['r1', 'r3']);
  expect(answers.flatMap(({ setAside }) => setAside.map(({ detail }) => detail))).toEqual([
    expect.stringContaining('2 values'),
  ]);
});

test('lines of JSON with a total that the poll names', async () => {
  const base = postedReport().report as ReportInput;
  const { source, reader } = await world('posted', {
    document: { format: 'ndjson' },
    poll: { ...base.poll, total: 'rows' },
    link: { at: 'url', hosts: ['127.0.0.1'], request: { path: '/documents/{job}' } },
  });
  source.documentOf = ({ rows }) =>
    rows
      .map((row) => JSON.stringify({ ...row, big: 0 }))
      .join('\n')
      .replace('"big":0', '"big":12345678901234567890');
  const done = { processingStatus: 'DONE', rows: '8' };
  source.fail('poll', status(200, done), 1);
  const { records, pages } = await reader.read();
  expect(records).toHaveLength(8);
  expect(records[0]).toMatchObject({ big: '12345678901234567890' });
  expect(pages.at(-1)?.end?.provedBy).toBe('total');
  source.fail('poll', status(200, { ...done, rows: 9 }), 1);
  expect((await reader.attempt({ run: '2' })).error?.message).toContain('its total is 9');
});

describe('the range', () => {
  const range = { from: '{since}', to: '{until}' };
  const window = { field: 'date', form: 'date', timeZone: 'UTC', from: '30d', to: 'today' } as const;
  const covers = { field: 'date', from: '30d', to: 'today' } as const;
  const dated = {
    row: z.object({ name: z.string().nullable(), date: z.iso.date().nullable() }),
    map: (record: JsonObject) => ({ name: String(record.name), date: String(record.date) }),
  } as object;
  /** A report of a range, which the definition says. */
  async function ranged(changes: object, count = 0) {
    const source = await ReportSource.start('capped');
    atEnd(() => source.close());
    source.pending = 0;
    source.rows.push(...makeRows(count));
    const all = { ...cappedReport(changes), covers };
    return { source, reader: await reportReader(db, source, all, dated) };
  }
  const days = (count: number, from: number) =>
    Array.from({ length: count }, (_, at) => ({
      id: `d${from}-${at}`,
      name: 'n',
      date: new Date(Date.now() - (from + at) * 86_400_000).toISOString().slice(0, 10),
    }));

  test('is asked for in days of its zone, without today, and stays what it was for the whole job', async () => {
    const { source, reader } = await ranged({ range, window });
    source.rows.push(...days(40, 0));
    const { records } = await reader.read();
    const [asked] = source.asked.filter(({ step }) => step === 'start');
    expect(asked?.parameters).toMatchObject({ from: days(1, 30)[0]?.date, to: days(1, 1)[0]?.date });
    expect(records).toHaveLength(30);
  });

  test('a source that ignores it fails the run before most of its rows are taken; a few outside are taken', async () => {
    const ignoring = { range: { begin: '{since}', end: '{until}' }, window };
    const { source, reader } = await ranged(ignoring);
    source.rows.push(...days(10, 1), ...days(30, 40));
    const { failed, pages } = await reader.read();
    expect(failed).toMatchObject({ type: 'ContractBroken', message: expect.stringContaining('ignores it') });
    expect(pages).toEqual([]);
    const atOnce = await ranged(ignoring);
    atOnce.source.cap = 100;
    atOnce.source.rows.push(...days(10, 1), ...days(30, 40));
    expect((await atOnce.reader.read()).failed?.message).toContain('ignores it');
    expect(atOnce.source.jobs).toEqual([]);
    const few = await ranged(ignoring);
    few.source.rows.push(...days(28, 1), ...days(3, 40));
    const taken = await few.reader.read();
    expect([taken.records.length, taken.pages.map(({ outside }) => outside)]).toEqual([31, [3]]);
  });

  test('rows that name no instant show nothing, so they are refused', async () => {
    const { source, reader } = await ranged({ range: {}, window: { ...window, field: 'day' } }, 8);
    source.pending = 0;
    expect((await reader.read()).failed?.message).toContain('no record has an instant');
  });

  test('a job of another range is not its own, although the times are not compared', async () => {
    const source = await ReportSource.start('capped');
    atEnd(() => source.close());
    source.pending = 0;
    source.cap = 0;
    source.rows.push(...days(80, 0));
    const longer = { ...window, from: '60d' } as const;
    const listings = {
      all: { ...cappedReport({ range, window: longer } as object), covers: { ...covers, from: '60d' } },
      ids: { ...cappedReport({ range, window } as object), covers, presenceOnly: true },
      one: { path: '/rows/{id}' },
    };
    const reader = await reportReader(db, source, listings.all, { ...dated, listings });
    await reader.attempt({ listing: 'ids' });
    const { records } = await reader.read({ listing: 'all', run: '2' });
    expect(records).toHaveLength(60);
    expect((await reader.read({ listing: 'ids' })).records).toHaveLength(30);
    expect(source.jobs).toHaveLength(2);
  });

  test('a delta asks from its cursor, and a job of another cursor is not its own', async () => {
    const source = await ReportSource.start('capped');
    atEnd(() => source.close());
    source.pending = 0;
    source.cap = 0;
    source.rows.push(...makeRows(20, '2026-11-20'));
    const changes = {
      ...cappedReport({ range }),
      since: { form: 'date', boundary: 'inclusive', timeZone: 'UTC', field: 'date' },
    } as const;
    const all = cappedReport();
    const reader = await reportReader(db, source, all, { listings: { all, changes } });
    const since = new Date('2026-11-18T10:00:00Z');
    await reader.attempt({ listing: 'changes', since });
    const other = await reader.read({ listing: 'changes', since: new Date('2026-11-20T10:00:00Z'), run: '2' });
    expect(other.records.every(({ date }) => date === '2026-11-20')).toBe(true);
    const { records } = await reader.read({ listing: 'changes', since });
    expect(records).toHaveLength(12);
    expect(source.jobs.map(({ parameters }) => parameters.from)).toEqual(['2026-11-18', '2026-11-20']);
  });
});

describe('a worker that dies while it reads', () => {
  test('goes on after the committed rows, in the same bytes', async () => {
    const { source, reader } = await world('capped', {}, 4_500);
    await reader.attempt();
    const first = await reader.attempt({ pages: 2 });
    const resumePoint = first.pages.at(-1)?.resumePoint ?? null;
    const rest = await reader.read({ resumePoint });
    expect([first.records.length, rest.records.length]).toEqual([2_000, 2_500]);
    expect(rest.records[0]?.id).toBe('r2001');
    expect(starts(source)).toBe(1);
  });

  test.each([
    ['the same rows in another order', (rows: readonly unknown[]) => rows.toReversed()],
    ['fewer rows than were read', (rows: readonly unknown[]) => rows.slice(0, 1_500)],
    ['one row more at its front', (rows: readonly unknown[]) => [{ id: 'r0', name: 'n', date: '2026-11-20' }, ...rows]],
  ])('begins from row 0 where the document is now %s', async (_, change) => {
    const { source, reader } = await world('capped', {}, 4_500);
    await reader.attempt();
    const first = await reader.attempt({ pages: 2 });
    source.documentOf = (job) => jsonTable({ ...job, rows: change(job.rows) as never });
    const again = await reader.read({ resumePoint: first.pages.at(-1)?.resumePoint ?? null });
    const expected = change(Array.from({ length: 4_500 }, (_, at) => ({ id: `r${at + 1}` }))) as { id: string }[];
    expect(again.records.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
  });

  test('begins from row 0 with another job, whatever had been read of the first', async () => {
    const { source, reader } = await world('capped', {}, 2_500);
    await reader.attempt();
    const first = await reader.attempt({ pages: 1 });
    await reader.later(3_700_000);
    const { records } = await reader.read({ resumePoint: first.pages.at(-1)?.resumePoint ?? null });
    expect(records).toHaveLength(2_500);
    expect(starts(source)).toBe(2);
  });
});

test('a hundred thousand rows in flat memory, from a slow reader too', async () => {
  const count = 100_000;
  const api = await ReportSource.start('capped');
  atEnd(() => api.close());
  api.rows.push(...makeRows(4));
  api.pending = 0;
  // the document is made while it is sent, so that the test holds none of it either
  const storage = await startSource((_request, response) => {
    void (async () => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.write('{"headers":["Row ID","Name","Day"],"rows":[');
      for (let at = 0; at < count; at += 1_000) {
        const rows = Array.from({ length: 1_000 }, (_, more) => `["r${at + more}","${'x'.repeat(200)}","2026-11-20"]`);
        if (!response.write((at === 0 ? '' : ',') + rows.join(','))) {
          await new Promise((resolve) => response.once('drain', resolve));
        }
      }
      response.end(`],"total_records":${count}}`);
    })();
  });
  atEnd(() => storage.close());
  api.linkOf = () => `${storage.baseUrl}/large?signature=s3cr3t`;
  const reader = await reportReader(db, api, cappedReport());
  await reader.attempt();
  const heap: number[] = [];
  let rows = 0;
  const ended = await reader.each(async ({ records, resumePoint }) => {
    rows += records.length;
    heap.push(process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed);
    if (heap.length % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    return resumePoint;
  });
  expect([rows, ended]).toEqual([count, null]);
  // the document has 24 MB; without waste nothing but a few parts of it is held
  expect(Math.max(...heap) - Math.min(...heap.slice(0, 5))).toBeLessThan(150 * 1024 * 1024);
});
