import type { Clock } from './clock';
import type { FaultRuleInput, FaultStatus, Faults } from './faults';
import type { LoggedRequest, LogSummary, RequestLog } from './requestLog';
import type { StaleReads, StaleSetting } from './staleReads';

/** A control request that can't be done, such as a change to a record that is not there. */
export class ControlError extends Error {
  readonly type = 'control_refused';
}

/** What every simulator is made of. */
export interface CommonParts {
  readonly clock: Clock;
  readonly log: RequestLog;
  readonly faults: Faults;
  readonly stale: StaleReads;
}

/** One control request. */
export interface Call<Control> {
  readonly control: Control;
  readonly url: URL;
  /** the parts of the path that the pattern names */
  readonly parts: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface Route<Control> {
  readonly method: string;
  readonly path: string;
  /** what it does and what it takes, shown by GET /control */
  readonly help: string;
  readonly run: (call: Call<Control>) => unknown;
}

/** What a test or an operator can do to any simulated source: its clock, delays, faults and log. */
export class CommonControl<Parts extends CommonParts = CommonParts> {
  /** added to every API request */
  latencyMs = 0;

  constructor(protected readonly parts: Parts) {}

  /** The source's time in milliseconds since 1970. */
  now(): number {
    return this.parts.clock.now();
  }

  /** Ahead or behind by `offsetMs`, or stopped at `fixed` (ISO 8601); `{}` for this machine's time. */
  setClock(setting: { offsetMs?: number | undefined; fixed?: string | undefined }): void {
    const fixed = setting.fixed === undefined ? undefined : Date.parse(setting.fixed);
    if (Number.isNaN(fixed)) throw new ControlError(`${setting.fixed} is not an instant`);
    this.parts.clock.set({ offsetMs: setting.offsetMs, fixed });
  }

  /** Lets reads lag behind writes; `maxMs` 0 for none. */
  setStale(setting: StaleSetting): void {
    this.parts.stale.set(setting);
  }

  get stale(): StaleSetting {
    return this.parts.stale.current;
  }

  /** Adds a rule; returns its number. */
  addFault(rule: FaultRuleInput): number {
    return this.parts.faults.add(rule);
  }

  clearFaults(id?: number): void {
    this.parts.faults.clear(id);
  }

  faults(): readonly FaultStatus[] {
    return this.parts.faults.list();
  }

  /** The last requests, oldest first. */
  log(limit?: number): readonly LoggedRequest[] {
    return this.parts.log.list(limit);
  }

  logSummary(): LogSummary {
    return this.parts.log.summary();
  }

  clearLog(): void {
    this.parts.log.clear();
  }
}
