import { RateLimited } from '../../simulator/rateLimited';

export interface RateLimitSetting {
  readonly requests: number;
  readonly perSeconds: number;
  /** requests with an offset above 30,000 are counted apart against this stricter limit */
  readonly highOffsetRequests: number;
}

/** docs: overview/rate-limiting (100 requests per 20 seconds and user, 75 with an offset above 30,000). */
export const documentedRateLimit: RateLimitSetting = { requests: 100, perSeconds: 20, highOffsetRequests: 75 };

const highOffset = 30_000;

export interface RateVerdict {
  readonly allowed: boolean;
  readonly headers: Readonly<Record<string, string>>;
  /** the sentence of the 429 body */
  readonly detail: string;
}

/** Fixed windows that begin with a user's first request (assumed; only limit, period and count are documented). */
export class RateLimiter extends RateLimited<RateLimitSetting> {
  /** Counts a request. Refused ones count too: the documented example says `118 of 100`. */
  take(user: string, offset: number, now: number): RateVerdict | undefined {
    if (!this.setting) return undefined;
    const deep = offset > highOffset;
    const limit = deep ? this.setting.highOffsetRequests : this.setting.requests;
    const period = this.setting.perSeconds;
    const key = deep ? `${user}/deep` : user;
    const { count, wait } = this.windows.count(key, period, now);
    const allowed = count <= limit;
    return {
      allowed,
      headers: {
        'X-PCO-API-Request-Rate-Limit': String(limit),
        'X-PCO-API-Request-Rate-Period': `${period} seconds`,
        'X-PCO-API-Request-Rate-Count': String(count),
        ...(allowed ? {} : { 'Retry-After': String(wait) }),
      },
      detail: `Rate limit exceeded: ${count} of ${limit} requests per ${period} seconds`,
    };
  }
}
