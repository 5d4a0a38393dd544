import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Client } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type { Bench, Goal } from '../bench';
import { tableName } from '../connector';
import { connectionId, type Engine } from '../engine';
import { timed } from '../measure';
import { megabytes, type Row, row, seconds } from '../row';

/** How much of the set differs on each side. */
const share = 0.01;

/**
 * A reconciliation over ids that is told to change nothing: list, stage, draw the differences, write the plan. What
 * follows is a request for each difference, whose time is the source's.
 */
export const reconciliation: Goal = {
  numbers: [5],
  about: 'reconciliation',
  async measure(bench) {
    const sizes = bench.quick ? [50_000] : [1_000_000, 10_000_000];
    const found: Row[] = [];
    for (const ids of sizes) found.push(...(await reconcile(bench, ids)));
    return found;
  },
};

async function reconcile(bench: Bench, ids: number): Promise<Row[]> {
  const differing = Math.floor(ids * share);
  bench.say(`the source writes down ${ids} ids`);
  const source = { records: 1_000, ids, idsFrom: differing };
  return bench.withEngine({ source, connector: { idsPageSize: 10_000 } }, async (engine) => {
    bench.say(`a table of ${ids} rows`);
    await fill(engine, ids);
    const before = await engine.usage();
    bench.say(`reconciliation of ${ids} ids`);
    const ours = await timed(() => engine.reconcile(true));
    const after = await engine.usage();
    const { missing, gone, stale } = ours.result;
    if (missing !== differing || gone !== differing || stale !== 0) {
      throw new Error(`${missing} missing, ${gone} gone, ${stale} stale: expected ${differing}, ${differing}, 0`);
    }
    bench.say(`staging and anti-join of ${ids} ids`);
    const reference = await stagingAlone(bench, engine, ids, differing);
    const grown = after.peakRssBytes - before.rssBytes;
    return [
      row(
        5,
        `reconciliation of ${ids} ids over HTTP, 1 % differing on each side, up to the plan`,
        {
          ours: seconds(ours.milliseconds),
          reference: `staging + anti-join ${seconds(reference)}`,
          ratio: ours.milliseconds / reference,
        },
        { atMost: 1.5 },
      ),
      row(
        5,
        '… memory of the worker above idle',
        { ours: megabytes(grown), reference: `idle ${megabytes(before.rssBytes)}`, ratio: grown / 1024 / 1024 },
        { atMost: 150, unit: ' MB' },
      ),
    ];
  });
}

const idSql = `'rec_' || lpad(i::text, 9, '0')`;
/** as records.ts writes updated_at, with the nine digits of an encoded version */
const versionSql = `to_char(timestamp '2026-01-01' + i * interval '20 milliseconds', 'YYYY-MM-DD"T"HH24:MI:SS.MS') || '000000Z'`;

/** Rows as an earlier sync would have left them, without content, since a reconciliation over ids reads none. */
async function fill({ db }: Engine, ids: number): Promise<void> {
  await db.raw(`drop index bench_contacts_source_updated_at_idx`);
  await db.raw(
    `insert into ${tableName} (connection_id, external_id, _version, _sent_at, _received_at, _written_by, _origin)
     select ?, ${idSql}, ${versionSql}, now() - interval '1 hour', now() - interval '1 hour', 'run 0', 'source'
     from generate_series(0, ?::int - 1) i`,
    [connectionId, ids],
  );
  await db.raw(`vacuum analyze ${tableName}`);
}

/** What PostgreSQL alone needs: COPY of the same ids and versions into an unlogged table, and both anti-joins. */
async function stagingAlone(bench: Bench, { databaseUrl }: Engine, ids: number, differing: number): Promise<number> {
  const file = join(bench.servers.folder, 'ids');
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await pipeline(
      client.query(
        copyTo(
          `copy (select ${idSql}, ${versionSql} from generate_series(${differing}, ${differing + ids - 1}) i) to stdout`,
        ),
      ),
      createWriteStream(file),
    );
    await client.query(
      'create unlogged table staged (external_id text collate "C" not null, version text collate "C")',
    );
    await client.query('create table found (external_id text collate "C" primary key, difference text)');
    const { milliseconds } = await timed(async () => {
      await pipeline(
        createReadStream(file, { highWaterMark: 1024 * 1024 }),
        client.query(copyFrom('copy staged from stdin')),
      );
      await client.query('analyze staged');
      await client.query(`
        insert into found select s.external_id, case when c.external_id is null then 'missing' else 'stale' end
        from staged s left join ${tableName} c on c.connection_id = '${connectionId}' and c.external_id = s.external_id
        where c.external_id is null or c.deleted_at is not null or c._version is distinct from s.version`);
      await client.query(`
        insert into found select c.external_id, 'gone' from ${tableName} c
        where c.connection_id = '${connectionId}' and c.deleted_at is null
          and not exists (select from staged s where s.external_id = c.external_id)`);
    });
    return milliseconds;
  } finally {
    await client.end();
  }
}
