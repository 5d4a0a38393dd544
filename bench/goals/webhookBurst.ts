import type { Bench, Goal } from '../bench';
import { tableName } from '../connector';
import type { Engine } from '../engine';
import { timed, until } from '../measure';
import { startProgram } from '../program';
import { type Row, row } from '../row';
import type { Sent } from '../sender/main';
import type { SourceStats } from '../source/main';
import { startBare, startWebhookServer } from '../webhooks';

const atOnce = 64;
const hot = 7;
const perSecond = (count: number, milliseconds: number) => (count * 1_000) / milliseconds;

/** Webhooks as fast as they can be sent: about many records, and about one. */
export const webhookBurst: Goal = {
  numbers: [8, 9],
  about: 'bursts of webhooks',
  async measure(bench) {
    const many = bench.quick ? 2_000 : 20_000;
    const same = bench.quick ? 500 : 5_000;
    return bench.withEngine({ source: { records: many } }, async (engine) => {
      const server = await startWebhookServer(bench, engine);
      const sender = await startProgram<object>('sender', {});
      const send = (count: number, name: string, about?: number) =>
        sender.ask<Sent>('send', {
          url: server.url,
          count,
          atOnce,
          name,
          ...(about === undefined ? {} : { hot: about }),
        });
      const hotRow = await measureHot(bench, engine, (count, name) => send(count, name, hot), same);
      bench.say(`${many} webhooks`);
      const burst = await timed(async () => {
        const sent = await send(many, 'burst');
        if (sent.accepted !== many) throw new Error(`${sent.accepted} of ${many} webhooks were accepted`);
        await until('every record is in the table', async () => (await rows(engine)) >= many, { everyMs: 50 });
        return sent;
      });
      await Promise.all([server.stop(), sender.stop()]);
      const reference = await workflowPerEvent(bench);
      const drained = perSecond(many, burst.milliseconds);
      const accepted = perSecond(many, burst.result.milliseconds);
      return [
        row(
          8,
          `${many} webhooks about as many records: accepted, on disk, a second`,
          { ours: `${accepted.toFixed(0)} /s`, ratio: accepted },
          { atLeast: 3_000, unit: ' /s' },
        ),
        row(
          8,
          '… in the table, a second',
          {
            ours: `${drained.toFixed(0)} /s`,
            reference: `a workflow for each ${reference.toFixed(0)} /s`,
            ratio: drained / reference,
          },
          { atLeast: 15 },
        ),
        hotRow,
      ];
    });
  },
};

async function rows({ db }: Engine): Promise<number> {
  const found = await db.raw(`select count(*) as rows from ${tableName}`);
  return Number(found.rows[0].rows);
}

/** One record that changes ten times while thousands of events tell of it. */
async function measureHot(
  bench: Bench,
  engine: Engine,
  send: (count: number, name: string) => Promise<Sent>,
  count: number,
): Promise<Row> {
  bench.say(`${count} webhooks about one record`);
  await engine.source.ask('reset');
  const steps = 10;
  for (let step = 1; step <= steps; step++) {
    await engine.source.ask('edit', { index: hot, visits: step });
    await send(count / steps, `hot-${step}`);
  }
  await until('the last state is in the table and no event is open', async () => {
    const found = await engine.db.raw(
      `select (select visits from ${tableName} limit 1) as visits, exists (select from tidemark.inbox where done_at is null) as open`,
    );
    return Number(found.rows[0].visits) === steps && !found.rows[0].open;
  });
  const { requests } = await engine.source.ask<SourceStats>('stats');
  return row(
    9,
    `${count} webhooks about one record that changed ${steps} times meanwhile: requests for it, its last state in the table`,
    { ours: `${requests} requests`, ratio: requests },
    { atMost: 10, unit: ' requests' },
  );
}

/** The same server with a workflow of one empty activity for each event: so many a second. */
async function workflowPerEvent(bench: Bench): Promise<number> {
  bench.say('a workflow for each event');
  const count = bench.quick ? 100 : 600;
  const bare = await startBare(bench);
  await Promise.all(Array.from({ length: 20 }, bare.run));
  const { milliseconds } = await timed(async () => {
    let next = 0;
    const lane = async () => {
      while (next++ < count) await bare.run();
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
  });
  await bare.stop();
  return perSecond(count, milliseconds);
}
