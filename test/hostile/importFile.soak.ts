import { z } from 'zod';
import { prepareImport, storeUpload } from '../../destination/imports/uploads';
import { defineConnector } from '../../schema/definition/connector';
import { defineFileEntity } from '../../schema/definition/entity';
import { type ImportResult, workflowNames } from '../../schema/workflows';
import { connectionId, type Engine, startEngine } from '../support/engine';

jest.setTimeout(1_800_000);

const count = 1_000_000;

const row = z.object({ phone: z.string(), name: z.string(), visits: z.int(), day: z.iso.date(), store: z.string() });
const sales = defineFileEntity({
  name: 'sales',
  row,
  import: {
    columns: {
      phone: 'Phone',
      name: 'Name',
      visits: 'Visits',
      day: { header: 'Day', format: 'DD-MM-YYYY' },
      store: 'Store',
    },
    key: 'phone',
  },
});

async function* file(): AsyncGenerator<Buffer> {
  yield Buffer.from('Phone,Name,Visits,Day,Store\n');
  for (let from = 0; from < count; from += 1_000) {
    const lines = Array.from(
      { length: 1_000 },
      (_, at) => `0${from + at},"Name, ${from + at}",${at},13-06-2024,Calicut\n`,
    );
    yield Buffer.from(lines.join(''));
  }
}

let engine: Engine;

beforeAll(async () => {
  const connector = defineConnector({
    name: 'acme',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [sales],
  });
  engine = await startEngine({ connector, settings: { baseUrl: 'http://127.0.0.1:9' } });
});

/** The worker runs in this process, so what it holds is in this process's memory. */
test('a million lines are imported in flat memory, and a second time change nothing', async () => {
  const target = { connectionId, entity: 'sales' };
  const before = process.memoryUsage().rss;
  let most = 0;
  const sampling = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 100);
  for (const counts of [{ inserted: count }, { unchanged: count }]) {
    const { id } = await storeUpload(engine.db, { ...target, name: 'sales.csv', most: 1e9 }, file());
    await prepareImport(engine.db, id, { asOf: new Date(), set: {} });
    const started = Date.now();
    const handle = await engine.start<ImportResult>(workflowNames.importFile, {
      ...target,
      importId: id,
      trigger: 'api',
    });
    expect(await handle.result()).toMatchObject({
      outcome: 'succeeded',
      lines: count + 1,
      counts: { errors: 0, ...counts },
    });
    process.stderr.write(
      `${JSON.stringify(counts)}: ${Math.round(count / ((Date.now() - started) / 1_000))} lines/s\n`,
    );
  }
  clearInterval(sampling);
  process.stderr.write(`at most ${Math.round((most - before) / 1e6)} MB more than before\n`);
  // the file has 45 MB, and its rows more than ten times that as objects
  expect(most - before).toBeLessThan(600_000_000);
});
