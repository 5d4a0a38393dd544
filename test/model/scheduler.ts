import diagnostics from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { finished } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { Client } from 'pg';
import { type Attempt, current, type Flow } from './attempt';
import type { Timeline } from './timeline';

/** What a gate waits before: a transaction, its lock, its commit, a claim, a request's arrival, its answer, a timer. */
export type GateKind = 'begin' | 'lock' | 'commit' | 'claim' | 'arrive' | 'answer' | 'timer';

export interface Opening {
  /** how much older than now the state is that the request sees */
  readonly stale: number;
}

/** A place where something waits until the history lets it go on. */
export interface Gate {
  readonly kind: GateKind;
  readonly label: string;
  readonly flow: Flow;
  readonly attempt: Attempt | null;
  readonly seq: number;
  /** for timers */
  readonly due?: number;
  readonly open: (opening: Opening) => void;
  readonly refuse: (error: Error) => void;
}

interface Travel {
  /** null on the way back */
  path: string | null;
  readonly attempt: Attempt;
  at: 'way' | 'source';
}

/** Whatever has not come to a gate after so long, also on a slow machine, never will. */

const patienceMs = 60_000;

type Waiting = Omit<Gate, 'seq'>;
type Callback = (error: Error | null, result?: unknown) => void;

/** What PostgreSQL says to a session that an administrator ends; the engine takes it for "try again". */
function connectionLost(): Error {
  return Object.assign(new Error('terminating connection due to administrator command'), { code: '57P01' });
}

/**
 * Holds back every transaction, request, answer and timer of the engine until the history lets one of them go on. One
 * thing happens at a time: before the next choice everything else has come to its next gate, so that the interleaving
 * is the history's and not the machine's.
 */
export class Scheduler {
  private gates: Gate[] = [];
  private seq = 0;
  /** statements under way, by the session that runs them */
  private readonly statements = new Map<Client, Attempt[]>();
  /** those of them that wait for a lock, until the next transaction ends */
  private readonly blocked = new Set<Client>();
  /** attempts whose requests are not sent yet because so many others are under way, until the next one ends */
  private readonly inLine = new Set<Attempt>();
  /** attempts that have begun and not ended */
  readonly alive = new Set<Attempt>();
  /** requests that left the engine and have neither arrived at the source nor been answered whole */
  private readonly travelling = new Map<ClientRequest, Travel>();
  private lockHolder: object | null = null;
  private wake: () => void = () => undefined;
  private changes = 0;
  private readonly timeline: Timeline;
  private readonly originalQuery = Client.prototype.query;
  private readonly originalConnect = Client.prototype.connect;
  private readonly onStart = (message: unknown) => this.requestStarts((message as { request: ClientRequest }).request);

  constructor(timeline: Timeline) {
    this.timeline = timeline;
  }

  install(): void {
    diagnostics.subscribe('http.client.request.start', this.onStart);
    const scheduler = this;
    const original = this.originalQuery as (...args: unknown[]) => unknown;
    Client.prototype.query = function (this: Client, ...args: unknown[]) {
      const attempt = current.getStore()?.attempt;
      return attempt ? scheduler.query(attempt, this, original, args) : original.apply(this, args);
    } as typeof Client.prototype.query;
    const connect = this.originalConnect as (...args: unknown[]) => Promise<unknown>;
    Client.prototype.connect = function (this: Client, ...args: unknown[]) {
      const connected = connect.apply(this, args);
      const attempt = current.getStore()?.attempt;
      if (!attempt) return connected;
      scheduler.begins(this, attempt);
      return connected.finally(() => scheduler.ends(this));
    } as typeof Client.prototype.connect;
  }

  uninstall(): void {
    diagnostics.unsubscribe('http.client.request.start', this.onStart);
    Client.prototype.query = this.originalQuery;
    Client.prototype.connect = this.originalConnect;
  }

  /** What may go on now, in the order in which flows began and things came to wait. */
  ready(): Gate[] {
    return this.gates
      .filter((gate) => !gate.attempt?.frozen && !(gate.kind === 'lock' && this.lockHolder !== null))
      .sort((a, b) => a.flow.order - b.flow.order || a.seq - b.seq);
  }

  /** Everything that waits, frozen or not. */
  held(): readonly Gate[] {
    return this.gates;
  }

  gatesOf(attempt: Attempt): Gate[] {
    return this.gates.filter((gate) => gate.attempt === attempt);
  }

  open(gate: Gate, opening: Opening): void {
    this.remove(gate);
    gate.open(opening);
  }

  refuse(gate: Gate): void {
    this.remove(gate);
    gate.refuse(connectionLost());
  }

  wait(waiting: Waiting): Gate {
    const gate = { ...waiting, seq: ++this.seq };
    this.gates.push(gate);
    this.changed();
    return gate;
  }

  changed(): void {
    this.changes += 1;
    this.wake();
  }

  remove(gate: Gate): void {
    this.gates = this.gates.filter((other) => other !== gate);
  }

  timer(flow: Flow, due: number): Promise<void> {
    return new Promise((resolve) => {
      this.wait({
        kind: 'timer',
        label: 'timer',
        flow,
        attempt: null,
        due,
        open: () => resolve(),
        refuse: () => undefined,
      });
    });
  }

  /** Whose request this is that has come to the source, by the port that it came from. */
  arrived(path: string, port: number | undefined): Attempt | undefined {
    for (const [request, travel] of this.travelling) {
      if (travel.at === 'way' && travel.path === path && request.socket?.localPort === port) {
        travel.at = 'source';
        this.changed();
        return travel.attempt;
      }
    }
    return undefined;
  }

  answered(attempt: Attempt, path: string): void {
    for (const travel of this.travelling.values()) {
      if (travel.at === 'source' && travel.path === path && travel.attempt === attempt) {
        travel.at = 'way';
        travel.path = null;
        return;
      }
    }
  }

  /**
   * Resolves when everything waits at a gate or has ended, or is made to wait by PostgreSQL itself (for a row that a held
   * transaction has locked).
   */
  async settle(): Promise<void> {
    const began = performance.now();
    for (let quiet = 0; quiet < 4; ) {
      await turn();
      if (!this.travels() && !this.executes() && !this.someoneWorks()) {
        quiet += 1;
        continue;
      }
      quiet = 0;
      if (await this.change(10)) continue;
      if (!this.travels() && this.ready().length > 0) {
        // who still works, and has sent nothing, waits for its turn: a connection has so many requests under way at once
        for (const attempt of this.alive) if (!this.waiting().has(attempt)) this.inLine.add(attempt);
      }
      if (!this.travels() && this.executes()) await this.findBlocked();
      if (performance.now() - began > patienceMs) throw new Error('something goes on without ever coming to a gate');
    }
  }

  /** Resolves at the next change with true, or after so many milliseconds with false. */
  private change(milliseconds: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds, false);
      this.wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  /** Whether a statement is under way that does not just wait for another transaction. */
  private executes(): boolean {
    for (const client of this.statements.keys()) if (!this.blocked.has(client)) return true;
    return false;
  }

  /** Asks PostgreSQL whether all that is under way waits for locks; says nothing if anything ended while we asked. */
  private async findBlocked(): Promise<void> {
    const clients = [...this.statements.keys()];
    const pids = clients.map((client) => (client as unknown as { processID: number }).processID);
    const { changes } = this;
    const [row] = await this.timeline.ask(
      `select count(*)::int as waiting from pg_stat_activity where pid = any($1) and wait_event_type = 'Lock'`,
      [pids],
    );
    if (this.changes !== changes || row?.waiting !== clients.length) return;
    for (const client of clients) this.blocked.add(client);
  }

  private travels(): boolean {
    for (const { at } of this.travelling.values()) if (at === 'way') return true;
    return false;
  }

  /** An attempt that is at no gate and waits for no statement does something in this process, such as a short pause. */
  private someoneWorks(): boolean {
    const waiting = this.waiting();
    for (const attempt of this.alive) {
      if (!attempt.dead && !waiting.has(attempt) && !this.inLine.has(attempt)) return true;
    }
    return false;
  }

  /** Whether a statement of this attempt is under way. */
  isAsking(attempt: Attempt): boolean {
    return [...this.statements.values()].some((attempts) => attempts.includes(attempt));
  }

  private waiting(): Set<Attempt | null> {
    const waiting = new Set(this.gates.map(({ attempt }) => attempt));
    for (const attempts of this.statements.values()) for (const attempt of attempts) waiting.add(attempt);
    return waiting;
  }

  /** What is going on, for the reader of a counterexample. */
  describe(): string {
    const of = (attempt: Attempt | null) =>
      attempt ? `${attempt.flow.name} ${attempt.activity} #${attempt.number}` : '';
    const gates = this.gates.map(({ kind, label, attempt }) => `${of(attempt)} before ${kind} ${label}`);
    const statements = [...this.statements.values()].flatMap((attempts) =>
      attempts.map((attempt) => `${of(attempt)} in a statement`),
    );
    const requests = [...this.travelling.values()].map(({ attempt, at, path }) => `${of(attempt)} ${path} ${at}`);
    const alive = [...this.alive].map((attempt) => `${of(attempt)} ${attempt.dead ? 'dead' : 'alive'}`);
    return [...gates, ...statements, ...requests, ...alive].join('; ');
  }

  private begins(client: Client, attempt: Attempt): void {
    this.statements.set(client, [...(this.statements.get(client) ?? []), attempt]);
  }

  private ends(client: Client): void {
    const left = (this.statements.get(client) ?? []).slice(1);
    if (left.length > 0) this.statements.set(client, left);
    else this.statements.delete(client);
    this.blocked.delete(client);
    this.changed();
  }

  private requestStarts(request: ClientRequest): void {
    const attempt = current.getStore()?.attempt;
    if (!attempt) return;
    this.travelling.set(request, { path: request.path, attempt, at: 'way' });
    request.once('close', () => {
      this.travelling.delete(request);
      this.inLine.clear();
      this.changed();
    });
  }

  private query(attempt: Attempt, client: Client, original: (...args: unknown[]) => unknown, args: unknown[]): unknown {
    const [statement] = args;
    const callback = args.at(-1);
    if (typeof callback !== 'function') return this.copy(attempt, client, original, args);
    const text = typeof statement === 'string' ? statement : (statement as { text: string }).text;
    const run = (what: unknown, then: Callback) => {
      this.begins(client, attempt);
      const ended = (error: Error | null, result?: unknown) => {
        if (/^(commit|rollback;?$)/i.test(typeof what === 'string' ? what : text)) {
          this.blocked.clear();
          if (this.lockHolder === client) this.lockHolder = null;
        }
        this.ends(client);
        then(error, result);
      };
      // PostgreSQL is told what time it is when somebody asks it something
      if (this.timeline.isTold) original.call(client, what, ended);
      else this.timeline.tell().then(() => original.call(client, what, ended), ended);
    };
    if (/^rollback/i.test(text)) return run(statement, callback as Callback);
    if (attempt.dead) {
      queueMicrotask(() => callback(connectionLost()));
      return undefined;
    }
    const kind = kindOf(text);
    if (!kind) return run(statement, callback as Callback);
    this.wait({
      kind,
      label: kind,
      flow: attempt.flow,
      attempt,
      open: () => {
        if (kind === 'lock') this.lockHolder = client;
        run(statement, (error, result) => {
          // it was committed, but who committed it does not live to hear it
          if (kind === 'commit' && attempt.dead) callback(connectionLost());
          else callback(error, result);
        });
      },
      // knex leaves a session whose commit failed as it is: with the process it would have ended
      refuse: (error) => (kind === 'commit' ? run('rollback', () => callback(error)) : callback(error)),
    });
    return undefined;
  }

  /** A stream of rows. */
  private copy(attempt: Attempt, client: Client, original: (...args: unknown[]) => unknown, args: unknown[]): unknown {
    if (attempt.dead) throw connectionLost();
    const stream = original.apply(client, args) as NodeJS.WritableStream;
    this.begins(client, attempt);
    finished(stream, () => this.ends(client));
    return stream;
  }
}

function kindOf(text: string): GateKind | null {
  if (/^begin/i.test(text)) return 'begin';
  if (/^commit/i.test(text)) return 'commit';
  if (/tidemark\.lock_entity\(/.test(text)) return 'lock';
  return /insert into tidemark\.(runs|run_parts)/.test(text) ? 'claim' : null;
}
