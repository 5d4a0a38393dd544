import { atEnd, testDatabase, testTemporal, uniqueTaskQueue } from './index';

describe('the test environment', () => {
  test('gives each caller a PostgreSQL database of its own', async () => {
    const [one, two] = [await testDatabase(), await testDatabase()];
    await one.query('CREATE TABLE mark (id int)');
    await one.query('INSERT INTO mark VALUES ($1)', [7]);
    expect(await one.query('SELECT id FROM mark')).toEqual([{ id: 7 }]);
    expect(await two.query(`SELECT to_regclass('mark') AS mark`)).toEqual([{ mark: null }]);
    expect(await two.query(`SELECT to_regclass('tidemark.runs') IS NOT NULL AS migrated`)).toEqual([
      { migrated: true },
    ]);
  });

  test('gives each caller a Temporal namespace of its own, with Tidemark’s search attributes', async () => {
    const temporal = await testTemporal();
    const handle = await temporal.client.workflow.start('nobodyRunsThis', {
      taskQueue: uniqueTaskQueue(),
      workflowId: 'the-same-id',
      searchAttributes: { TidemarkConnection: ['demo'], TidemarkEntity: ['people'], TidemarkStrategy: ['delta'] },
    });
    const description = await handle.describe();
    expect(description.searchAttributes).toMatchObject({ TidemarkConnection: ['demo'] });
    const other = await testTemporal();
    await expect(other.client.workflow.getHandle('the-same-id').describe()).rejects.toThrow(/not found/i);
    await handle.terminate();
  });
});

describe('what a test file leaves for its end', () => {
  const order: string[] = [];
  atEnd(async () => expect(order).toEqual(['afterAll']));
  afterAll(() => {
    order.push('afterAll');
  });
  test('comes after every afterAll', () => expect(order).toEqual([]));
});
