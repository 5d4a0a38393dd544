import { randomUUID } from 'node:crypto';
import { postEvent, type WebhookEvent } from './webhookRequest';
import { quietWebhooks, type WebhookSetting } from './webhookSetting';

/** One event on its way, or its outcome. */
export interface Delivery {
  readonly eventId: string;
  readonly name: string;
  readonly recordId: string;
  readonly attempt: number;
  /** undefined while it is under way; 0 when there was no answer */
  readonly status: number | undefined;
  readonly milliseconds: number | undefined;
  readonly error?: string | undefined;
}

interface Task {
  readonly event: WebhookEvent;
  readonly attempt: number;
  readonly delayMs: number;
  readonly done: (delivery: Delivery) => void;
}

/** Sends events as the real service does: signed, retried, deactivated by a 410. */
export class Webhooks {
  setting: WebhookSetting = quietWebhooks;
  active = true;
  private queue: Task[] = [];
  private held: Task[] | undefined;
  private underWay = 0;
  private eventNumber = 0;
  private history: Delivery[] = [];
  private idle: (() => void)[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private stopped = false;

  constructor(
    private readonly random: () => number,
    private readonly now: () => number,
  ) {}

  configure(setting: Partial<WebhookSetting>): void {
    this.setting = { ...this.setting, ...setting };
    this.active = true;
  }

  /** Queues an event; resolves with its first attempt, or with nothing when it was dropped or there is no target. */
  async emit(
    name: string,
    recordId: string,
    payload: unknown,
    times = this.setting.times,
  ): Promise<Delivery | undefined> {
    const { url, drop, delayMs } = this.setting;
    if (!url || !this.active || (drop > 0 && this.random() < drop)) return undefined;
    const event: WebhookEvent = {
      eventId: randomUUID(),
      number: ++this.eventNumber,
      name,
      recordId,
      payload: JSON.stringify(payload),
      time: `${new Date(this.now()).toISOString().slice(0, 19)}Z`,
    };
    const attempts = Array.from({ length: times }, () => this.enqueue(event, 1, delayMs));
    return attempts[0];
  }

  /** Keeps what is sent from now on until `release`. */
  hold(): void {
    this.held ??= [];
  }

  /** Sends what was held, in the given order, and returns how many. */
  release(order: 'kept' | 'reversed' | 'shuffled' = 'kept'): number {
    const tasks = this.held ?? [];
    this.held = undefined;
    if (order === 'reversed') tasks.reverse();
    if (order === 'shuffled') {
      for (let i = tasks.length - 1; i > 0; i--) {
        const j = Math.floor(this.random() * (i + 1));
        const [a, b] = [tasks[i], tasks[j]];
        if (a && b) [tasks[i], tasks[j]] = [b, a];
      }
    }
    this.queue.push(...tasks);
    this.pump();
    return tasks.length;
  }

  /** What was delivered, oldest first (the last 10,000). */
  deliveries(): readonly Delivery[] {
    return this.history;
  }

  /** Resolves when nothing is queued or under way; held events and retries that wait for their time don't count. */
  async settled(): Promise<void> {
    if (this.queue.length > 0 || this.underWay > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  stop(): void {
    this.stopped = true;
    this.queue = [];
    this.held = undefined;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    this.settle();
  }

  private enqueue(event: WebhookEvent, attempt: number, delayMs: number): Promise<Delivery> {
    return new Promise((done) => {
      const task: Task = { event, attempt, delayMs, done };
      (this.held ?? this.queue).push(task);
      this.pump();
    });
  }

  private pump(): void {
    while (!this.stopped && this.underWay < this.setting.concurrency) {
      const task = this.queue.shift();
      if (!task) break;
      this.underWay++;
      this.later(task.delayMs, () => this.attempt(task));
    }
    this.settle();
  }

  private settle(): void {
    if (this.queue.length === 0 && this.underWay === 0) for (const resolve of this.idle.splice(0)) resolve();
  }

  private later(ms: number, run: () => void): void {
    if (ms <= 0) {
      run();
      return;
    }
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      run();
    }, ms);
    this.timers.add(timer);
  }

  private attempt({ event, attempt, done }: Task): void {
    const begun = performance.now();
    const end = (status: number, error?: string) => {
      const milliseconds = performance.now() - begun;
      const { eventId, name, recordId } = event;
      const delivery: Delivery = { eventId, name, recordId, attempt, status, milliseconds, error };
      this.history.push(delivery);
      if (this.history.length >= 20_000) this.history = this.history.slice(-10_000);
      this.underWay--;
      if (status === 410) this.active = false;
      else if (status !== 200) this.retry(event, attempt);
      done(delivery);
      this.pump();
    };
    postEvent(event, attempt, this.setting).then(
      (status) => end(status),
      (error: unknown) => end(0, error instanceof Error ? error.message : String(error)),
    );
  }

  private retry(event: WebhookEvent, attempt: number): void {
    const seconds = this.setting.retrySeconds[attempt - 1];
    if (seconds === undefined || this.stopped) return;
    this.later(seconds * 1000, () => {
      if (this.active) void this.enqueue(event, attempt + 1, 0);
    });
  }
}
