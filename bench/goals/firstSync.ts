import { join } from 'node:path';
import type { Bench, Goal } from '../bench';
import { tableName } from '../connector';
import { copyReference } from '../copyReference';
import { type Engine, forget } from '../engine';
import { inTurn, median, timed, until } from '../measure';
import { megabytes, type Row, row, seconds } from '../row';

const everythingOn = 'validation, typed columns, raw, guard, counts, resume point';

/** A first sync, and a full re-read of what has not changed, each beside COPY of the same rows. */
export const firstSync: Goal = {
  numbers: [1, 2, 3],
  about: 'first sync and re-read against COPY',
  async measure(bench) {
    const few = bench.quick ? 10_000 : 100_000;
    const rounds = bench.quick ? 1 : 5;
    const usual = await measureSync(bench, { records: few, pageSize: 1_000, rounds, again: true });
    return [
      against(1, `first sync, ${few} records, page 1000 (${everythingOn})`, usual.first, usual.copy, 1.4),
      ...(bench.wants(2) ? await larger(bench, few, usual, rounds) : []),
      against(3, `full re-read of ${few} records, nothing changed`, usual.again, usual.copy, 1.2),
      row(
        3,
        '… rows updated by it (n_tup_upd)',
        { ours: `${usual.updated} rows`, ratio: usual.updated },
        { atMost: 0 },
      ),
      row(
        3,
        '… its WAL against that of the first sync',
        {
          ours: megabytes(usual.walAgain),
          reference: megabytes(usual.walFirst),
          ratio: usual.walAgain / usual.walFirst,
        },
        { atMost: 0.01 },
      ),
    ];
  },
};

/** A million records, pages of a hundred, and what both need of memory. */
async function larger(bench: Bench, few: number, usual: Measured, rounds: number): Promise<Row[]> {
  const many = bench.quick ? 50_000 : 1_000_000;
  const smallPages = await measureSync(bench, { records: few, pageSize: 100, rounds: Math.min(rounds, 3) });
  const large = await measureSync(bench, { records: many, pageSize: 1_000, rounds: 1 });
  const grown = large.peakRssBytes - usual.peakRssBytes;
  return [
    against(2, `first sync, ${many} records, page 1000`, large.first, large.copy, 1.8),
    against(2, `first sync, ${few} records, page 100`, smallPages.first, smallPages.copy, 1.6),
    row(
      2,
      `peak memory of the worker, first sync of ${many} records`,
      { ours: megabytes(large.peakRssBytes), ratio: large.peakRssBytes / 1024 / 1024 },
      { atMost: 250, unit: ' MB' },
    ),
    row(
      2,
      `… more of it than for ${few} records`,
      { ours: megabytes(grown), reference: megabytes(usual.peakRssBytes), ratio: grown / 1024 / 1024 },
      { atMost: 30, unit: ' MB' },
    ),
  ];
}

function against(goal: number, what: string, ours: readonly number[], copy: readonly number[], atMost: number): Row {
  return row(
    goal,
    what,
    {
      ours: seconds(median(ours)),
      reference: `COPY ${seconds(median(copy))}`,
      ratio: median(ours) / median(copy),
    },
    { atMost },
  );
}

interface Sizes {
  readonly records: number;
  readonly pageSize: number;
  readonly rounds: number;
  /** also measure the re-read */
  readonly again?: boolean;
}

interface Measured {
  readonly first: readonly number[];
  readonly again: readonly number[];
  readonly copy: readonly number[];
  readonly peakRssBytes: number;
  readonly updated: number;
  readonly walFirst: number;
  readonly walAgain: number;
}

async function measureSync(bench: Bench, { records, pageSize, rounds, again = false }: Sizes): Promise<Measured> {
  bench.say(`first sync of ${records} records, pages of ${pageSize}`);
  return bench.withEngine({ source: { records }, connector: { pageSize } }, async (engine) => {
    const first = await firstTime(engine, records);
    const { peakRssBytes } = await engine.usage();
    const copy = await copyReference(engine.databaseUrl, join(bench.servers.folder, 'rows'));
    const updatedBefore = await updates(engine);
    const reread = again ? await reRead(engine, records) : { milliseconds: 0, wal: 0 };
    const updated = again ? (await updates(engine)) - updatedBefore : 0;
    if (rounds === 1) {
      const copied = await copy.measure();
      await copy.close();
      return {
        first: [first.milliseconds],
        again: [reread.milliseconds],
        copy: [copied],
        peakRssBytes,
        updated,
        walFirst: first.wal,
        walAgain: reread.wal,
      };
    }
    const found = await inTurn<string>(rounds, {
      first: async () => (await firstTime(engine, records)).milliseconds,
      copy: copy.measure,
      ...(again ? { again: async () => (await reRead(engine, records)).milliseconds } : {}),
    });
    await copy.close();
    return {
      first: found.first ?? [],
      again: found.again ?? [],
      copy: found.copy ?? [],
      peakRssBytes,
      updated,
      walFirst: first.wal,
      walAgain: reread.wal,
    };
  });
}

async function firstTime(engine: Engine, records: number): Promise<{ milliseconds: number; wal: number }> {
  await forget(engine);
  const before = await walPosition(engine);
  const { milliseconds, result } = await timed(() => engine.delta());
  if (result.counts.inserted !== records) throw new Error(`${result.counts.inserted} of ${records} were inserted`);
  return { milliseconds, wal: (await walPosition(engine)) - before };
}

async function reRead(engine: Engine, records: number): Promise<{ milliseconds: number; wal: number }> {
  const before = await walPosition(engine);
  const { milliseconds, result } = await timed(() => engine.delta(true));
  if (result.counts.unchanged !== records) throw new Error(`${result.counts.unchanged} of ${records} were unchanged`);
  return { milliseconds, wal: (await walPosition(engine)) - before };
}

async function walPosition({ db }: Engine): Promise<number> {
  const { rows } = await db.raw(`select (pg_current_wal_lsn() - '0/0')::bigint as position`);
  return Number(rows[0].position);
}

/** Rows updated so far; sessions tell their statistics a moment late, so it is read when it no longer grows. */
async function updates({ db }: Engine): Promise<number> {
  let last = -1;
  let found = 0;
  await until(
    'the statistics have come',
    async () => {
      const { rows } = await db.raw(
        `select n_tup_upd + n_tup_ins as total, n_tup_upd as updated from pg_stat_user_tables where relname = ?`,
        [tableName],
      );
      const same = rows[0].total === last;
      last = rows[0].total;
      found = Number(rows[0].updated);
      return same;
    },
    { everyMs: 1_500 },
  );
  return found;
}
