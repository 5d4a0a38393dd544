import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Gate, Scheduler } from './scheduler';
import type { Shape } from './shapes';
import type { Timeline } from './timeline';
import type { Trace } from './trace';

/** What the source holds of one record from some moment on. */
export interface State {
  /** since when, in PostgreSQL's time */
  readonly at: number;
  readonly live: boolean;
  readonly name: string;
  /** the source's last-modified value, in the source's clock; null until the first edit, where the shape has it so */
  readonly updated: number | null;
  /** deleted, and `changes` still tells so */
  readonly tombstone: boolean;
}

export interface Item {
  readonly id: string;
  readonly name?: string;
  readonly updated: string | null;
  readonly deleted?: true;
}

/** A record that no history touches, so that the source never lists nothing at all. */
export const sentinel = 'r99';
export const idOf = (slot: number) => `r${String(slot).padStart(2, '0')}`;

/** An API held in memory: every state that every record ever had, so that any answer can be a little old. */
export class ModelSource {
  readonly records = new Map<string, State[]>();
  readonly shape: Shape;
  /** the source's clock less PostgreSQL's */
  readonly skew: number;
  readonly timeline: Timeline;
  readonly began: number;
  private names = 0;
  /** when `one` was last asked for each id, in PostgreSQL's time */
  readonly asked = new Map<string, number>();

  constructor(shape: Shape, timeline: Timeline, skew: number) {
    this.shape = shape;
    this.timeline = timeline;
    this.began = timeline.now;
    this.skew = skew;
  }

  get clock(): number {
    return this.timeline.now + this.skew;
  }

  newest(id: string): State | undefined {
    return this.records.get(id)?.at(-1);
  }

  isLive(id: string): boolean {
    return this.newest(id)?.live ?? false;
  }

  /** A new state from now on. */
  put(id: string, state: Partial<Omit<State, 'at'>> & { updated: number | null }): void {
    const updated = state.updated === null ? null : Math.floor(state.updated / this.shape.tickMs) * this.shape.tickMs;
    const states = this.records.get(id) ?? [];
    const before = states.at(-1);
    states.push({
      at: this.timeline.now,
      live: state.live ?? true,
      name: state.name ?? before?.name ?? 'nobody',
      tombstone: state.tombstone ?? false,
      updated,
    });
    this.records.set(id, states);
  }

  freshName(): string {
    return `name ${++this.names}`;
  }

  at(id: string, moment: number): State | undefined {
    return this.records.get(id)?.findLast((state) => state.at <= moment);
  }

  /** Everything listed as of a moment, in the shape's order. */
  snapshot(moment: number, withTombstones: boolean): Item[] {
    const items: Item[] = [];
    for (const id of this.records.keys()) {
      const state = this.at(id, moment);
      if (state?.live) items.push(this.show(id, state));
      else if (state?.tombstone && withTombstones) items.push({ id, updated: this.text(state.updated), deleted: true });
    }
    const byUpdate = this.shape.order === 'updated';
    return items.sort((a, b) => (byUpdate ? compare(a.updated ?? '', b.updated ?? '') : 0) || compare(a.id, b.id));
  }

  show(id: string, state: State): Item {
    return { id, name: state.name, updated: this.text(state.updated) };
  }

  private text(updated: number | null): string | null {
    if (updated === null) return null;
    const iso = new Date(updated).toISOString();
    return this.shape.tickMs >= 1000 ? iso.replace('.000Z', 'Z') : iso;
  }
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Serves the source of the present history over HTTP. */
export class ModelServer {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly scheduler: Scheduler;
  private readonly timeline: Timeline;
  source: ModelSource | undefined;
  trace: Trace | undefined;

  constructor(scheduler: Scheduler, timeline: Timeline) {
    this.scheduler = scheduler;
    this.timeline = timeline;
    this.server = createServer((request, response) => this.serve(request, response));
    this.server.keepAliveTimeout = 600_000;
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      for (const socket of this.sockets) socket.destroy();
    });
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    const { source } = this;
    if (!source) throw new Error('no history is being played');
    const attempt = this.scheduler.arrived(path, request.socket.remotePort);
    // whoever sent it is gone already
    if (!attempt) return void response.destroy();
    const { flow } = attempt;
    let gate: Gate | undefined;
    response.once('close', () => gate && this.scheduler.remove(gate));
    const refuse = () => response.destroy();
    gate = this.scheduler.wait({
      kind: 'arrive',
      label: path,
      flow,
      attempt,
      refuse,
      open: ({ stale }) => {
        const date = new Date(source.clock).toUTCString();
        const { status, body } = answer(source, new URL(path, 'http://source'), this.timeline.now - stale);
        this.trace?.note(`  ${flow.name} ${path} sees ${status} ${JSON.stringify(body)}`);
        const open = () => {
          this.scheduler.answered(attempt, path);
          response.writeHead(status, { 'Content-Type': 'application/json', Date: date });
          response.end(JSON.stringify(body));
        };
        gate = this.scheduler.wait({ kind: 'answer', label: path, flow, attempt, open, refuse });
      },
    });
  }
}

function answer(source: ModelSource, url: URL, moment: number): { status: number; body: unknown } {
  const [, listing = '', id] = url.pathname.split('/');
  if (listing === 'one' && id !== undefined) {
    const state = source.at(id, moment);
    source.asked.set(id, source.timeline.now);
    return state?.live ? { status: 200, body: { data: source.show(id, state) } } : { status: 404, body: {} };
  }
  const { searchParams: query } = url;
  let items = source.snapshot(moment, listing === 'changes' && source.shape.tombstones);
  const since = query.get('since');
  if (since !== null) {
    const least = Date.parse(since);
    items = items.filter(({ updated }) => {
      const at = updated === null ? Number.NaN : Date.parse(updated);
      return source.shape.strict ? at > least : at >= least;
    });
  }
  return { status: 200, body: page(items, query, Number(query.get('size')), listing === 'ids') };
}

/** One page of the list: by offset, or after a token or key. */
function page(items: Item[], query: URLSearchParams, size: number, sparse: boolean): unknown {
  const offset = query.get('offset');
  const token = query.get('token');
  const after = query.get('after');
  const total = items.length;
  let rest = items;
  if (offset !== null) rest = items.slice(Number(offset));
  if (token !== null) rest = items.filter((item) => tokenOf(item) > token);
  if (after !== null) rest = items.filter(({ id }) => id > after);
  const data = rest.slice(0, size);
  const last = data.at(-1);
  const next = rest.length > size && last ? tokenOf(last) : null;
  return { data: sparse ? data.map(({ id, updated }) => ({ id, updated })) : data, total, next };
}

const tokenOf = ({ id, updated }: Item) => `${updated ?? ''} ${id}`;
