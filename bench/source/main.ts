import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runProgram } from '../program';
import { type Book, bind } from './book';
import { firstSince, idJson, indexOf, recordJson } from './records';

/** What the source holds and how it behaves. */
export interface SourceInput {
  readonly records: number;
  /** records that only the listing of ids has; it begins at `idsFrom` */
  readonly ids?: number;
  readonly idsFrom?: number;
  readonly latencyMs?: number;
  /** the list is cut into so many partitions, named p0, p1 … */
  readonly partitions?: number;
}

export interface SourceReady {
  readonly url: string;
}

export interface SourceStats {
  readonly requests: number;
  /** of each request since the last reset, milliseconds of this process's clock */
  readonly at: readonly number[];
  readonly mostAtOnce: number;
}

/** Puts another number of visits, and a later version, into one record; the listings don't tell of it. */
export interface Edit {
  readonly index: number;
  readonly visits: number;
}

runProgram<SourceInput>(async (input) => {
  const all = bind(input.records, recordJson);
  const ids = bind(input.ids ?? 0, (index) => idJson(index + (input.idsFrom ?? 0)));
  const edited = new Map<number, Buffer>();
  let at: number[] = [];
  let underWay = 0;
  let mostAtOnce = 0;

  const server = createServer((request, response) => {
    at.push(performance.now());
    underWay += 1;
    mostAtOnce = Math.max(mostAtOnce, underWay);
    const answer = () => {
      underWay -= 1;
      respond(response, new URL(request.url ?? '', 'http://source'), {
        all,
        ids,
        edited,
        partitions: input.partitions ?? 1,
      });
    };
    if (input.latencyMs) setTimeout(answer, input.latencyMs);
    else answer();
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    ready: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } satisfies SourceReady,
    answers: {
      stats: (): SourceStats => ({ requests: at.length, at, mostAtOnce }),
      edit: ({ index, visits }: Edit) => {
        const record = { ...JSON.parse(recordJson(index)), visits, updated_at: new Date().toISOString() };
        edited.set(index, Buffer.from(JSON.stringify(record)));
      },
      reset: () => {
        at = [];
        mostAtOnce = 0;
      },
    },
  };
});

interface Books {
  readonly all: Book;
  readonly ids: Book;
  readonly edited: ReadonlyMap<number, Buffer>;
  readonly partitions: number;
}

/** `/contacts` (with `partition`, or changed `since`), `/ids`, `/contacts/{id}`. */
function respond(response: ServerResponse, url: URL, { all, ids, edited, partitions }: Books): void {
  const alone = /^\/contacts\/(.+)$/.exec(url.pathname)?.[1];
  if (alone !== undefined) {
    const record = edited.get(indexOf(alone)) ?? all.record(indexOf(alone));
    send(response, record ? 200 : 404, record ? [record] : [Buffer.from('{"error":"not found"}')]);
    return;
  }
  const book = url.pathname === '/ids' ? ids : all;
  const length = Math.ceil(book.count / partitions);
  const since = url.searchParams.get('since');
  const first =
    since === null
      ? Number(url.searchParams.get('partition')?.slice(1) ?? 0) * length
      : Math.min(book.count, firstSince(since));
  const total = Math.min(length, book.count - first);
  const size = Number(url.searchParams.get('size') ?? 100);
  const page = url.searchParams.get('page');
  const start = page === null ? Number(url.searchParams.get('after') ?? 0) : (Number(page) - 1) * size;
  const next = start + size < total ? `"${start + size}"` : 'null';
  const records = book.page(first + start, Math.max(0, Math.min(size, total - start)));
  send(response, 200, [Buffer.from(`{"total":${total},"next":${next},"data":`), ...records, Buffer.from('}')]);
}

function send(response: ServerResponse, status: number, parts: readonly Buffer[]): void {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': length });
  for (const part of parts) response.write(part);
  response.end();
}
