import { CommonControl, type CommonParts, ControlError } from '../../simulator/control';
import type { Journal } from '../../simulator/journal';
import type { Edition, Mutation } from './brand';
import type { JobFate, Jobs } from './jobs';
import type { RateLimiter, RateLimitSetting } from './rateLimit';
import { type Kind, kinds, type Stored } from './records';
import type { Served } from './served';

export interface MarianaTekParts extends CommonParts {
  readonly brands: ReadonlyMap<string, Served>;
  readonly jobs: Jobs;
  readonly limiter: RateLimiter;
}

/** What is laid over a record. */
export interface Change {
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
  /** by name of the relationship; null takes it away */
  readonly relationships?: Readonly<Record<string, { readonly type: Kind; readonly id: string } | null>> | undefined;
  /** milliseconds since 1970; default: the source's now */
  readonly updatedAt?: number | undefined;
}

/** What a test or an operator can do to the simulated brands. */
export class MarianaTekControl extends CommonControl<MarianaTekParts> {
  journal: Journal<Mutation> | undefined;

  get brandNames(): readonly string[] {
    return [...this.parts.brands.keys()];
  }

  get jobs(): Jobs {
    return this.parts.jobs;
  }

  count(brand: string): Readonly<Record<Kind, number>> {
    const found = this.served(brand).brand;
    return Object.fromEntries(kinds.map((kind) => [kind, found.count(kind)])) as Record<Kind, number>;
  }

  /** Throws ControlError. */
  record(brand: string, kind: Kind, id: string): Stored {
    return this.served(brand).brand.get(kind, id);
  }

  records(brand: string, kind: Kind): readonly Stored[] {
    return [...this.served(brand).brand.all(kind)];
  }

  /** What a table that is equal to the brand adds up to: bookings of classes before today with what they earn, and the prices of all orders. */
  totals(brand: string): Totals {
    const { brand: found } = this.served(brand);
    const today = new Date(this.now()).toISOString().slice(0, 10);
    let [pastBookings, deferredCents] = [0, 0];
    for (const { attributes, relationships } of found.all('reservations')) {
      const session = found.find('class_sessions', relationships.class_session?.id ?? '');
      if (String(session?.attributes.start_date) >= today) continue;
      pastBookings++;
      deferredCents += Math.round(Number(attributes.deferred_revenue ?? 0) * 100);
    }
    let salePriceCents = 0;
    for (const { attributes } of found.all('orders')) salePriceCents += Math.round(Number(attributes.net_total) * 100);
    return { pastBookings, deferredCents, salePriceCents };
  }

  /** Makes a record; returns its id. */
  create(brand: string, kind: Kind, change: Change, id?: string): string {
    const made = id ?? this.served(brand).brand.newId(kind);
    this.put(brand, kind, laidOver({ id: made, attributes: {}, relationships: {}, updatedAt: 0 }, change, this.now()));
    return made;
  }

  change(brand: string, kind: Kind, id: string, change: Change = {}): void {
    this.put(brand, kind, laidOver(this.record(brand, kind, id), change, this.now()));
  }

  remove(brand: string, kind: Kind, id: string): void {
    this.record(brand, kind, id);
    this.mutate({ brand, kind, id, record: null });
  }

  /** Under which headers the reports of a brand come from now on. */
  setEdition(brand: string, edition: Edition): void {
    this.served(brand).brand.edition = edition;
  }

  decideJobs(...fates: readonly JobFate[]): void {
    this.parts.jobs.decide(fates);
  }

  /** Every access token of a brand is refused from now on. Returns how many there were. */
  revokeTokens(brand: string): number {
    return this.served(brand).tokens.revoke();
  }

  /** As if another client had used every refresh token of a brand. */
  useRefreshTokens(brand: string): number {
    return this.served(brand).tokens.useRefreshTokens();
  }

  setPassword(brand: string, password: string): void {
    this.served(brand).tokens.setPassword(password);
  }

  setTokens(brand: string, { lifeSeconds, limitedWithoutClient }: TokenSetting): void {
    const { tokens } = this.served(brand);
    if (lifeSeconds !== undefined) tokens.lifeSeconds = lifeSeconds;
    if (limitedWithoutClient !== undefined) tokens.limitedWithoutClient = limitedWithoutClient;
  }

  /** Limits requests, or not at all. */
  setRateLimit(setting: RateLimitSetting | undefined): void {
    this.parts.limiter.set(setting);
  }

  get rateLimit(): RateLimitSetting | undefined {
    return this.parts.limiter.current;
  }

  /** Applies a change from the journal. */
  replay(mutation: Mutation): void {
    this.served(mutation.brand).brand.apply(mutation);
  }

  private put(brand: string, kind: Kind, record: Stored): void {
    this.mutate({ brand, kind, id: record.id, record });
  }

  private mutate(mutation: Mutation): void {
    this.replay(mutation);
    this.journal?.append([mutation]);
  }

  private served(name: string): Served {
    const found = this.parts.brands.get(name);
    if (!found) throw new ControlError(`there is no brand ${name}`);
    return found;
  }
}

export interface Totals {
  readonly pastBookings: number;
  readonly deferredCents: number;
  readonly salePriceCents: number;
}

export interface TokenSetting {
  readonly lifeSeconds?: number | undefined;
  readonly limitedWithoutClient?: boolean | undefined;
}

function laidOver(before: Stored, { attributes, relationships = {}, updatedAt }: Change, now: number): Stored {
  const related = Object.entries({ ...before.relationships, ...relationships }).flatMap(([name, to]) =>
    to === null ? [] : [[name, to] as const],
  );
  return {
    id: before.id,
    attributes: { ...before.attributes, ...attributes },
    relationships: Object.fromEntries(related),
    updatedAt: updatedAt ?? now,
  };
}
