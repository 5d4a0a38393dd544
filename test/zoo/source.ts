import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { Listings } from './listings';
import { writeRecord } from './record';
import { Store } from './store';
import type { BesideAnswer, Fault, Refusal, Run, SpoiltAnswer, World } from './world';

/** What a source's requests can do to the engine that sends them. */
export interface Reach {
  killAttempts(): void;
  loseConnections(): Promise<void>;
  refuseBatches(code: Refusal): Promise<void>;
}

const nothing: Reach = {
  killAttempts: () => undefined,
  loseConnections: () => Promise.resolve(),
  refuseBatches: () => Promise.resolve(),
};

/** How long a dead attempt's answer is held back for the attempt that follows it. */
const heldBackMs = 3_000;

/** One source of the zoo, under a path of the one server of all. */
export class ZooSource {
  readonly store: Store;
  private readonly listings: Listings;
  private readonly path: string;
  private readonly reach: Reach;
  private requests = 0;
  private atNextRequest: (() => void)[] = [];
  private plan: Pick<Run, 'during' | 'faults'> = { during: [], faults: [] };

  constructor(world: World, path: string, reach: Reach = nothing) {
    this.reach = reach;
    this.store = new Store(world);
    this.listings = new Listings(this.store);
    this.path = path;
  }

  /** Counts requests from here on, and lets these things happen at them. */
  expect(plan: Pick<Run, 'during' | 'faults'>): void {
    this.requests = 0;
    this.plan = plan;
  }

  async respond(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const { store } = this;
    await readParameters(request, url);
    this.requests += 1;
    const at = this.requests;
    for (const goOn of this.atNextRequest.splice(0)) goOn();
    for (const { at: when, change } of this.plan.during) if (when === at) store.apply(change);
    const fault = this.plan.faults.find(
      ({ at: when, fault: { meets } }) => when === at && meets !== 'lost result',
    )?.fault;
    const what = `request ${at}, ${url.pathname.slice(this.path.length)}${decodeURIComponent(url.search)}`;
    if (fault) {
      store.log.push(`  ${what}: ${told(fault)}`);
      if (spoils(fault)) {
        this.spoil(response, fault);
        return;
      }
      await this.beside(fault);
    }
    const { status, body, headers } = this.answer(url);
    store.log.push(`  ${what}: ${status} ${body.length > 400 ? `${body.slice(0, 400)} …` : body}`);
    this.send(response, status, body, headers);
  }

  private answer(url: URL): { status: number; body: string; headers: Readonly<Record<string, string>> } {
    const [, name = '', rest = ''] = /^\/(\w+)(?:\/(.*))?$/s.exec(url.pathname.slice(this.path.length)) ?? [];
    if (name === 'one') return this.one(url.searchParams.get('id') ?? decodeURIComponent(rest), url);
    if (name === 'all' || name === 'changes' || name === 'ids') return this.listings.answer(name, url);
    return { status: 404, body: '{"error":"no such path"}', headers: {} };
  }

  private one(id: string, url: URL): { status: number; body: string; headers: Readonly<Record<string, string>> } {
    const { store } = this;
    const { world } = store;
    const { record, gone } = store.find(id);
    const show = (text: string) => ({ status: 200, body: `{"data":${text}}`, headers: {} });
    if (record) return show(writeRecord(world, record, 'all'));
    const how = gone ? (world.one?.deletion ?? '404') : '404';
    const survivor = gone?.survivor === undefined ? undefined : store.survivorOf(gone.survivor);
    switch (how) {
      case 'tombstone':
        return show(gone ? writeRecord(world, gone.record, 'tombstone') : 'null');
      case 'merged':
        return survivor ? show(writeRecord(world, survivor, 'all')) : { status: 404, body: '{}', headers: {} };
      case 'moved': {
        if (!survivor) return { status: 404, body: '{}', headers: {} };
        const there = new URL(url);
        if (world.one?.inQuery) there.searchParams.set('id', survivor.id);
        else there.pathname = `${this.path}/one/${encodeURIComponent(survivor.id)}`;
        return { status: 301, body: '', headers: { Location: `${there.pathname}${there.search}` } };
      }
      default:
        return { status: Number(how), body: '{"error":"no such record"}', headers: {} };
    }
  }

  /** A dead attempt gets its answer when the one that follows it has begun: then both write. */
  private async beside(fault: BesideAnswer): Promise<void> {
    switch (fault.meets) {
      case 'killed attempt':
        this.reach.killAttempts();
        await new Promise<void>((resolve) => {
          const limit = setTimeout(resolve, heldBackMs);
          this.atNextRequest.push(() => {
            clearTimeout(limit);
            resolve();
          });
        });
        return;
      case 'lost connections':
        return this.reach.loseConnections();
      case 'refused batch':
        return this.reach.refuseBatches(fault.code);
      case 'lost result':
        return;
    }
  }

  private spoil(response: ServerResponse, fault: SpoiltAnswer): void {
    switch (fault.meets) {
      case 'status 500':
        this.send(response, 500, '{"error":"internal"}', {});
        return;
      case 'reset':
        response.destroy();
        return;
      case 'reset in headers':
        response.socket?.write('HTTP/1.1 200 OK\r\nContent-Ty');
        setImmediate(() => response.destroy());
        return;
      case 'cut':
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '1000' });
        response.write('{"data":[{"id":');
        setImmediate(() => response.destroy());
        return;
      case 'error behind 200':
        this.send(response, 200, '{"error":"the database is away","data":[],"result":{"items":[]}}', {});
        return;
      case 'wait': {
        const says = {
          seconds: '0',
          date: new Date(this.store.now()).toUTCString(),
          'an hour': '3600',
          nothing: undefined,
        }[fault.says];
        this.send(response, fault.status, '{"error":"slow down"}', says === undefined ? {} : { 'Retry-After': says });
      }
    }
  }

  private send(
    response: ServerResponse,
    status: number,
    text: string,
    headers: Readonly<Record<string, string>>,
  ): void {
    const { world } = this.store;
    const { body, charset } = encoded(world, text);
    const compressed = { none: body, gzip: gzipSync(body), deflate: deflateSync(body), br: brotliCompressSync(body) }[
      world.compression
    ];
    response.sendDate = false;
    response.writeHead(status, {
      'Content-Type': `application/json${charset}`,
      ...(world.dated ? { Date: new Date(this.store.now()).toUTCString() } : {}),
      ...(world.compression === 'none' ? {} : { 'Content-Encoding': world.compression }),
      ...headers,
    });
    response.end(compressed);
  }
}

/** What a POST carries in its body, as if it stood in the address. */
async function readParameters(request: IncomingMessage, url: URL): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  if (request.method !== 'POST') return;
  for (const [name, value] of Object.entries(JSON.parse(Buffer.concat(chunks).toString())))
    url.searchParams.set(name, String(value));
}

const told = (fault: Fault): string => (fault.meets === 'wait' ? `${fault.status}, wait (${fault.says})` : fault.meets);

const besides: ReadonlySet<Fault['meets']> = new Set<BesideAnswer['meets']>([
  'killed attempt',
  'lost result',
  'lost connections',
  'refused batch',
]);
const spoils = (fault: Fault): fault is SpoiltAnswer => !besides.has(fault.meets);

/** What Windows-1252 has where ISO 8859-1 has control characters. */
const windows1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/** Text in the world's charset; a letter that it lacks is written as JSON's escape. */
function encoded({ charset }: World, text: string): { body: Buffer; charset: string } {
  const escaped = (has: (letter: string) => boolean) =>
    [...text.split('')]
      .map((unit) => (has(unit) ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`))
      .join('');
  const isLatin1 = (unit: string) => unit < '\u0080' || (unit >= '\u00a0' && unit <= '\u00ff');
  switch (charset) {
    case 'utf-8':
      return { body: Buffer.from(text), charset: '' };
    case 'utf-8 bom':
      return { body: Buffer.from(`\ufeff${text}`), charset: '; charset=UTF-8' };
    case 'utf-16le':
      return { body: Buffer.from(text, 'utf16le'), charset: '; charset=utf-16le' };
    case 'iso-8859-1':
      return { body: Buffer.from(escaped(isLatin1), 'latin1'), charset: '; charset="ISO-8859-1"' };
    case 'windows-1252': {
      const known = escaped((unit) => isLatin1(unit) || windows1252.includes(unit));
      const bytes = [...known].map((unit) => {
        const at = windows1252.indexOf(unit);
        return at < 0 ? unit.charCodeAt(0) : 0x80 + at;
      });
      return { body: Buffer.from(bytes), charset: '; charset=windows-1252' };
    }
  }
}

/** The one server of all sources of a zoo. */
export interface ZooServer {
  readonly url: string;
  readonly sources: Map<string, ZooSource>;
  close(): Promise<void>;
}

export async function startZooServer(): Promise<ZooServer> {
  const sources = new Map<string, ZooSource>();
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://source');
    const source = sources.get(url.pathname.split('/')[1] ?? '');
    if (!source) {
      response.writeHead(404).end();
      return;
    }
    source.respond(request, response, url).catch((error: unknown) => response.destroy(error as Error));
  });
  server.keepAliveTimeout = 60_000;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sources,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
