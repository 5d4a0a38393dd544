import { Agent, get } from 'node:http';
import type { Bench, Goal } from '../bench';
import type { ConnectorOptions } from '../connector';
import { forget } from '../engine';
import { inTurn, median, timed } from '../measure';
import { row, seconds } from '../row';

const latencyMs = 50;
const pageSize = 100;
/** requests under way at once that the engine allows itself where the connector says nothing */
const width = 8;

/** A source that is slow to answer: pages one after another, and in parallel where its scheme allows it. */
export const latentSource: Goal = {
  numbers: [6],
  about: 'a source with 50 ms latency',
  async measure(bench) {
    const serial = await compare(bench, 'token', bench.quick ? 20 : 200, 1);
    const parallel = await compare(bench, 'page', bench.quick ? 80 : 800, width);
    return [
      row(
        6,
        `source with ${latencyMs} ms latency, 100 a page, pages numbered and stable: ${width} at once`,
        { ours: seconds(parallel.ours), reference: `fetch only ${seconds(parallel.fetched)}`, ratio: parallel.ratio },
        { atMost: 1.3 },
      ),
      row(
        6,
        '… each page names the next: one after another',
        { ours: seconds(serial.ours), reference: `fetch only ${seconds(serial.fetched)}`, ratio: serial.ratio },
        { atMost: 1.05 },
      ),
    ];
  },
};

async function compare(bench: Bench, paging: NonNullable<ConnectorOptions['paging']>, pages: number, atOnce: number) {
  bench.say(`${pages} pages, ${atOnce} at once`);
  const records = pages * pageSize;
  return bench.withEngine({ source: { records, latencyMs }, connector: { paging, pageSize } }, async (engine) => {
    const found = await inTurn(bench.quick ? 1 : 2, {
      ours: async () => {
        await forget(engine);
        const { milliseconds, result } = await timed(() => engine.delta());
        if (result.counts.inserted !== records) throw new Error(`${result.counts.inserted} of ${records} came`);
        return milliseconds;
      },
      fetched: async () => (await timed(() => fetchOnly(engine.source.ready.url, pages, atOnce))).milliseconds,
    });
    const [ours, fetched] = [median(found.ours), median(found.fetched)];
    return { ours, fetched, ratio: ours / fetched };
  });
}

/** Fetches and parses the same pages, and does nothing with them. */
async function fetchOnly(url: string, pages: number, atOnce: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  let next = 1;
  const lane = async () => {
    while (next <= pages) JSON.parse(await textOf(`${url}/contacts?page=${next++}&size=${pageSize}`, agent));
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  agent.destroy();
}

function textOf(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      const chunks: Buffer[] = [];
      response
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () => resolve(Buffer.concat(chunks).toString()))
        .on('error', reject);
    }).on('error', reject);
  });
}
