import { z } from 'zod';
import { desiredSchedules } from '../../clients/schedules/desired';
import { forgetRecord } from '../../destination/cleanup/forgetRecord';
import { getConnection } from '../../destination/connections/connections';
import { undoImport } from '../../destination/imports/undoImport';
import { prepareImport, storeUpload } from '../../destination/imports/uploads';
import { claimRun, endRun, getRun } from '../../destination/runs/runs';
import { compositeKey, lastDigits } from '../../schema/definition/compositeKey';
import { defineConnector } from '../../schema/definition/connector';
import { defineEntity, defineFileEntity } from '../../schema/definition/entity';
import type { JsonObject } from '../../schema/json/json';
import { type ImportResult, workflowNames } from '../../schema/workflows';
import { atEnd } from '../environment';
import { failureOf, until } from '../invariants/support';
import { connectionId, type Engine, startEngine } from '../support/engine';
import { json, startSource } from '../support/sources/httpSource';

const row = z.object({
  phone: z.string(),
  name: z.string().nullable(),
  visits: z.int().nullable(),
  day: z.iso.date().nullable(),
  store: z.string().nullable(),
});

const columns = {
  phone: { header: ['Phone', 'Mobile'], normalise: lastDigits(10) },
  name: 'Customer Name',
  visits: 'Visits',
  day: { header: 'Function Date', format: 'DD-MM-YYYY' },
  store: { header: 'Store' },
};

const leads = (name: string, conflict: 'update' | 'skip' = 'update') =>
  defineEntity<typeof row>({
    name,
    row,
    key: 'phone',
    deltaSyncField: { name: 'updated_at', kind: 'instant' },
    map: ({ phone, name, visits = null, day = null, store = null }: JsonObject) =>
      ({ phone, name, visits, day, store }) as z.input<typeof row>,
    listings: { all: { path: `/${name}`, paging: { scheme: 'none' } }, one: { path: `/${name}/{id}` } },
    supportsWebhooks: false,
    readLag: '10ms',
    import: { columns, key: compositeKey(['phone']), conflict },
  });

/** What the workflow failed with. */
async function failureMessage(running: Promise<unknown>): Promise<string> {
  const error = await running.then(() => new Error('it succeeded')).catch((thrown: unknown) => thrown);
  const texts: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) texts.push(at.message);
  return texts.join('\n');
}

const walkIns = defineFileEntity({
  name: 'walk_ins',
  row,
  import: { columns: { phone: 'Phone', name: 'Customer Name', store: {} }, key: compositeKey(['phone', 'store']) },
});

let engine: Engine;
let served: JsonObject[] = [];

beforeAll(async () => {
  const source = await startSource((_request, response, url) => {
    const id = /^\/leads\/(\d+)$/.exec(url.pathname)?.[1];
    const one = served.find(({ phone }) => phone === id);
    if (id !== undefined && one === undefined) json(response, {}, 404);
    else json(response, id === undefined ? served : one);
  });
  atEnd(() => source.close());
  const connector = defineConnector({
    name: 'acme',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [leads('leads'), leads('kept', 'skip'), leads('cells'), walkIns],
  });
  engine = await startEngine({ connector, settings: { baseUrl: source.baseUrl } });
});

beforeEach(async () => {
  served = [];
  for (const table of ['acme_leads', 'acme_kept', 'acme_cells', 'acme_walk_ins'])
    await engine.db.raw(`do $$ begin if to_regclass('${table}') is not null then delete from ${table}; end if; end $$`);
});

interface Options {
  readonly entity?: string;
  readonly asOf?: Date;
  readonly set?: Record<string, string>;
  readonly dryRun?: boolean;
}

async function* chunks(content: Buffer, size = 700): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

async function upload(content: string | Buffer, { entity = 'leads', asOf, set = {} }: Options = {}) {
  const uploaded = await storeUpload(
    engine.db,
    { connectionId, entity, name: 'leads.csv', most: 1e9 },
    chunks(Buffer.from(content)),
  );
  await prepareImport(engine.db, uploaded.id, { asOf: asOf ?? new Date(), set });
  return uploaded.id;
}

async function start(importId: string, { entity = 'leads', dryRun = false }: Options = {}) {
  return engine.start<ImportResult>(workflowNames.importFile, {
    connectionId,
    entity,
    importId,
    dryRun,
    trigger: 'api',
  });
}

async function importText(content: string | Buffer, options: Options = {}): Promise<ImportResult> {
  return (await start(await upload(content, options), options)).result();
}

const rows = async (table = 'acme_leads') =>
  (await engine
    .db(table)
    .select('external_id', 'name', 'visits', 'day', 'store', '_origin')
    .orderBy('external_id')) as {
    external_id: string;
    name: string | null;
  }[];

/** Every line of the file is in one of the counts. */
function expectAllCounted({ counts, lines, headings, blank, continued }: ImportResult): void {
  const { inserted, updated, unchanged, refused, skipped, errors, duplicates } = counts;
  expect(headings + blank + continued + inserted + updated + unchanged + refused + skipped + errors + duplicates).toBe(
    lines,
  );
}

const head = 'Phone,Customer Name,Visits,Function Date,Store\n';
const line = (at: number, name = `Name ${at}`) =>
  `+91 98765-${String(at).padStart(5, '0')},${name},${at},05-06-2024,S1\n`;
const idOf = (at: number) => `98765${String(at).padStart(5, '0')}`;

test('titles, repeated headers, blank lines, bad lines, duplicates: each line lands or is counted with its reason', async () => {
  const content = [
    'Loss of sale,,,,\n',
    head,
    line(1),
    line(2),
    head,
    '\n',
    ',,,,\n',
    '+91 98765-00003,"Two\nlines",3,05-06-2024,S1\n',
    // bad: too few values, no such day, no key
    '+91 98765-00004,Short\n',
    '+91 98765-00005,Name,5,31-06-2024,S1\n',
    line(1, 'Later'),
    ...Array.from({ length: 12 }, (_, at) => line(at + 10)),
    ',No phone,1,05-06-2024,S1\n',
  ].join('');
  const result = await importText(content);
  expect(result).toMatchObject({
    outcome: 'succeeded',
    headings: 3,
    blank: 2,
    continued: 1,
    counts: { inserted: 15, errors: 3, duplicates: 1, updated: 0 },
  });
  expectAllCounted(result);
  const found = await rows();
  expect(found).toHaveLength(15);
  expect(found[0]).toEqual({
    external_id: idOf(1),
    name: 'Later',
    visits: 1,
    day: '2024-06-05',
    store: 'S1',
    _origin: 'import',
  });
  const errors = await engine.db('tidemark.import_errors').where({ import_id: result.importId }).orderBy('line');
  expect(errors.map(({ line, problem }) => [line, problem])).toEqual([
    [10, 'it has 2 values, but there are 5 headers'],
    [11, 'day is not a date written as DD-MM-YYYY'],
    [25, 'phone is empty'],
  ]);
  const aside = await engine.db('tidemark.set_aside').where({ run_id: result.runId }).orderBy('detail');
  expect(aside.map(({ external_id, detail }) => [external_id, detail.split(':')[0]])).toEqual([
    [null, `line 10 of import ${result.importId}`],
    [null, `line 11 of import ${result.importId}`],
    [null, `line 25 of import ${result.importId}`],
  ]);
});

test('the same file twice changes nothing; a file that lacks a header leaves that column', async () => {
  const content = head + line(1) + line(2);
  await importText(content);
  const before = await engine.db('acme_leads').orderBy('external_id');
  const again = await importText(content);
  expect(again.counts).toMatchObject({ unchanged: 2, updated: 0, inserted: 0 });
  expect(await engine.db('acme_leads').orderBy('external_id')).toEqual(before);
  const partly = await importText(`Mobile;Customer Name\r\n09876500001;New\r\n`);
  expect(partly.counts).toMatchObject({ updated: 1 });
  expect((await rows())[0]).toMatchObject({ name: 'New', visits: 1, day: '2024-06-05', store: 'S1' });
});

test('a column that is set has one value in every line', async () => {
  await importText(`Phone,Customer Name\n${idOf(1)},A\n`, { set: { store: 'Calicut' } });
  expect(await rows()).toMatchObject([{ name: 'A', store: 'Calicut' }]);
});

test('against rows of the API a line ranks by the instant that the file is of', async () => {
  served = [{ phone: idOf(1), name: 'Api', updated_at: '2026-01-01T00:00:00Z' }];
  await engine.delta('leads', true);
  const old = await importText(head + line(1, 'Old') + line(2), { asOf: new Date('2026-01-02') });
  expect(old.counts).toMatchObject({ refused: 1, inserted: 1 });
  expectAllCounted(old);
  expect(await rows()).toMatchObject([
    { name: 'Api', _origin: 'source' },
    { name: 'Name 2', _origin: 'import' },
  ]);
  const newer = await importText(head + line(1, 'Newer'));
  expect(newer.counts).toMatchObject({ updated: 1 });
  expect(await rows()).toMatchObject([{ name: 'Newer', _origin: 'source' }, {}]);
  // no dispute is opened that nothing could settle, and the source's row is equal to the source again after a reconciliation
  expect(await engine.db('acme_leads').whereNotNull('_disputed_at')).toEqual([]);
  const proof = await engine.reconcile('leads');
  expect(proof).toMatchObject({ outcome: 'succeeded', gone: 0 });
  expect(await rows()).toMatchObject([
    { name: 'Api', _origin: 'source' },
    { name: 'Name 2', _origin: 'import' },
  ]);
});

test('a row that the source deleted is not revived', async () => {
  served = [{ phone: idOf(1), name: 'Api', updated_at: '2026-01-01T00:00:00Z' }];
  await engine.delta('leads', true);
  served = [];
  await engine.record('leads', idOf(1));
  const result = await importText(head + line(1, 'Back'));
  expect(result.counts).toMatchObject({ refused: 1, updated: 0, inserted: 0 });
  expect((await engine.rows('acme_leads')).size).toBe(0);
});

test('with conflict skip only new rows are written', async () => {
  await importText(head + line(1), { entity: 'kept' });
  const second = await importText(head + line(1, 'Other') + line(2), { entity: 'kept' });
  expect(second.counts).toMatchObject({ skipped: 1, inserted: 1 });
  expectAllCounted(second);
  expect(await rows('acme_kept')).toMatchObject([{ name: 'Name 1' }, { name: 'Name 2' }]);
});

test('a dry run counts what would happen, lists the bad lines, and writes no row', async () => {
  await importText(head + line(1));
  const content =
    head +
    line(1, 'Other') +
    line(2) +
    line(2, 'Twice') +
    Array.from({ length: 6 }, (_, at) => line(at + 10)).join('') +
    'x\n';
  const result = await importText(content, { dryRun: true });
  expect(result).toMatchObject({ dryRun: true, counts: { updated: 1, inserted: 7, duplicates: 1, errors: 1 } });
  expectAllCounted(result);
  expect(await rows()).toMatchObject([{ name: 'Name 1' }]);
  expect(await engine.db('tidemark.set_aside').where({ run_id: result.runId })).toEqual([]);
  expect(await engine.db('tidemark.import_errors').where({ import_id: result.importId })).toHaveLength(1);
});

test('the file is deleted when its import ends', async () => {
  const { importId } = await importText(head + line(1));
  expect(await engine.db('tidemark.import_chunks').where({ import_id: importId })).toEqual([]);
});

test.each<[string, string | Buffer, RegExp]>([
  ['a PNG', Buffer.from([0x89, 0x50, 0x4e, 0x47, 1, 2, 3]), /a picture/],
  ['only headers', head, /has no lines below its headers/],
  ['another file', 'a,b\n1,2\n', /none of its first 20 lines has any of the headers/],
  ['mostly bad lines', `${head}x\ny\n${line(1)}`, /2 of its 3 lines cannot be read, more than 20 %.*line 2/],
])('%s is refused, and nothing is written', async (_, content, why) => {
  expect(await failureMessage(importText(content))).toMatch(why);
  expect(await rows()).toEqual([]);
});

test('the last of several lines with one key counts, over batches', async () => {
  const many = Array.from({ length: 2_500 }, (_, at) => line(at)).join('');
  const result = await importText(head + line(7, 'First') + many + line(8, 'Last'));
  expect(result.counts).toMatchObject({ inserted: 2_500, duplicates: 2 });
  expectAllCounted(result);
  const found = new Map((await rows()).map(({ external_id, name }) => [external_id, name]));
  expect([found.get(idOf(7)), found.get(idOf(8))]).toEqual(['Name 7', 'Last']);
});

const decision = { actor: 'test', reason: 'the wrong file' };
const entityNamed = (name: string) => {
  const found = engine.connector.entities.get(name);
  if (found === undefined) throw new Error(name);
  return found;
};
const undo = async (runId: string | null) =>
  undoImport(engine.db, await getRun(engine.db, runId ?? ''), entityNamed('leads'), decision);

test('an old file with the right headers is taken back: changed rows hold what they held, inserted rows are gone', async () => {
  await importText(head + line(1) + line(2) + line(3));
  const before = await engine.db('acme_leads').select('*').orderBy('external_id');
  const wrong = await importText(
    head + line(1, 'Wrong') + line(2, 'Wrong') + line(3) + line(4) + line(1, 'Wrong twice'),
  );
  expect(wrong.counts).toMatchObject({ updated: 2, unchanged: 1, inserted: 1, duplicates: 1 });
  // written since by another import: it stays
  await importText(head + line(2, 'Right'));
  expect(await undo(wrong.runId)).toEqual({ restored: 1, removed: 1, changedSince: 1 });
  const [first, second, third, ...others] = await engine.db('acme_leads').select('*').orderBy('external_id');
  expect(others).toEqual([]);
  expect([{ ...first, synced_at: null }, third]).toEqual([{ ...before[0], synced_at: null }, before[2]]);
  expect(second).toMatchObject({ name: 'Right' });
  await expect(undo(wrong.runId)).rejects.toThrow('has nothing to undo');
});

test('killed half-way and repeated: the same rows, each line counted once', async () => {
  await importText(head + line(0), {});
  await engine.db.raw(`create or replace function public.refuse_late() returns trigger language plpgsql as $$
    begin if new.name = 'Name 2400' then raise 'stop' using errcode = '57P04'; end if; return new; end $$;
    create trigger refuse_late before insert on acme_leads for each row execute function public.refuse_late()`);
  const many = Array.from({ length: 3_000 }, (_, at) => line(at)).join('');
  const importId = await upload(head + many + line(5, 'Last'));
  const running = await start(importId);
  await until(async () => {
    const part = await engine.db('tidemark.run_parts').where({ step: 'import' }).orderBy('run_id', 'desc').first();
    return part !== undefined && part.records > 0 && part.attempt > 1 && !part.done;
  });
  await engine.db.raw('drop trigger refuse_late on acme_leads');
  const result = await running.result();
  expect(result.counts).toMatchObject({ inserted: 2_999, unchanged: 1, duplicates: 1, errors: 0 });
  expectAllCounted(result);
  expect(await rows()).toHaveLength(3_000);
  expect((await rows())[5]).toMatchObject({ name: 'Last' });
});

test('one import of an entity at a time', async () => {
  const place = {
    connectionId,
    entity: 'leads',
    strategy: 'import',
    trigger: 'api',
    dryRun: false,
    full: false,
  } as const;
  const claimed = await claimRun(engine.db, { ...place, workflowId: 'another', workflowRunId: 'another' });
  if (!('run' in claimed)) throw new Error('another import is running');
  expect(await importText(head + line(1))).toMatchObject({ outcome: 'already-running', runId: claimed.run.id });
  expect(await rows()).toEqual([]);
  await endRun(engine.db, claimed.run.id, { status: 'cancelled' });
});

test('forgetting a record deletes kept files of its entity, and an older file does not bring it back', async () => {
  await engine.db('tidemark.imports').del();
  await importText(head + line(1) + line(2));
  const asOf = new Date();
  const waiting = await upload(head + line(1), { asOf });
  const erased = await forgetRecord(engine.db, connectionId, entityNamed('leads'), idOf(1), decision);
  expect(erased).toMatchObject({ rows: 1, files: 1 });
  expect(await failureOf((await start(waiting)).result())).toBe('NotFound');
  const result = await importText(head + line(1) + line(2), { asOf });
  expect(result.counts).toMatchObject({ refused: 1, unchanged: 1 });
  expect(await rows()).toHaveLength(1);
});

test('an entity that only files feed: imported, never asked for, without a schedule', async () => {
  const content = `Phone;Customer Name\n001;Ünal\n002;\n`;
  const result = await importText(content, { entity: 'walk_ins', set: { store: 'S1' } });
  expect(result.counts).toMatchObject({ inserted: 2 });
  const found = await engine.db('acme_walk_ins').orderBy('external_id');
  expect(found.map(({ external_id, phone, name }) => [external_id, phone, name])).toEqual([
    ['001|S1', '001', 'Ünal'],
    ['002|S1', '002', null],
  ]);
  expect(await failureMessage(engine.delta('walk_ins'))).toContain('No source is asked for demo/walk_ins');
  const resting = { ...(await getConnection(engine.db, connectionId)), needsCredentialsSince: null };
  const targets = desiredSchedules([engine.connector], [resting]).map(({ target }) => target?.entity);
  expect(targets).toContain('leads');
  expect(targets).not.toContain('walk_ins');
});

test('a file that is cut on its way, or is another than was said, is not kept', async () => {
  const content = Buffer.from(head + line(1));
  const send = (expected: { bytes?: number; sha256?: string }) =>
    storeUpload(
      engine.db,
      { connectionId, entity: 'leads', name: 'cut.csv', most: 1_000_000, expected },
      chunks(content),
    );
  await expect(send({ bytes: content.length + 1 })).rejects.toThrow(/cut on its way/);
  await expect(send({ sha256: '0'.repeat(64) })).rejects.toThrow(/SHA-256/);
  await expect(
    storeUpload(engine.db, { connectionId, entity: 'leads', name: 'cut.csv', most: 10 }, chunks(content, 4)),
  ).rejects.toThrow(/longer than 10 bytes/);
  expect(await engine.db('tidemark.imports').where({ name: 'cut.csv' })).toEqual([]);
});
