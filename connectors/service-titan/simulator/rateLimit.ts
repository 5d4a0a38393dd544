import type { Answer } from '../../simulator/answer';
import { RateLimited } from '../../simulator/rateLimited';
import { limitedByHeader, limitedByTitle } from './answers';

export interface RateLimitSetting {
  readonly requests: number;
  readonly perSeconds: number;
  /** how a refusal looks: both forms have been seen, so they alternate unless one is chosen */
  readonly form: 'title' | 'header' | 'both';
}

/** 60 requests a second, per app and tenant. */
export const documentedRateLimit: RateLimitSetting = { requests: 60, perSeconds: 1, form: 'both' };

export class RateLimiter extends RateLimited<RateLimitSetting> {
  private refused = 0;

  /** Counts a request of an app for a tenant, and returns the refusal if there is one. */
  take(caller: string, now: number): Answer | undefined {
    if (!this.setting) return undefined;
    const { requests, perSeconds, form } = this.setting;
    const { count, wait } = this.windows.count(caller, perSeconds, now);
    if (count <= requests) return undefined;
    this.refused++;
    const byTitle = form === 'title' || (form === 'both' && this.refused % 2 === 1);
    return byTitle ? limitedByTitle(wait) : limitedByHeader(wait);
  }
}
