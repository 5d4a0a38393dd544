import type { Answer } from '../../simulator/answer';
import { RateLimited } from '../../simulator/rateLimited';
import { throttled } from './answers';

export interface RateLimitSetting {
  readonly requests: number;
  readonly perSeconds: number;
}

/** Assumed, since nothing is published: 120 requests a minute for each token. */
export const assumedRateLimit: RateLimitSetting = { requests: 120, perSeconds: 60 };

export class RateLimiter extends RateLimited<RateLimitSetting> {
  /** Counts a request, and returns the refusal if there is one. */
  take(caller: string, now: number): Answer | undefined {
    if (!this.setting) return undefined;
    const { count, wait } = this.windows.count(caller, this.setting.perSeconds, now);
    return count <= this.setting.requests ? undefined : throttled(wait);
  }
}
