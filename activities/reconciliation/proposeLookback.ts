import { type Duration, parseDuration } from '../../schema/duration';

const steps: readonly Duration[] = ['2m', '5m', '10m', '15m', '30m', '1h', '2h', '4h', '8h', '24h'];

/**
 * The lookback with which deltas would have seen records that came so late (milliseconds), with half as much again to
 * spare; null where the present one would have been long enough, or nothing came late.
 */
export function proposeLookback(latestMs: number | null, present: Duration): Duration | null {
  if (latestMs === null) return null;
  const needed = latestMs * 1.5;
  if (needed <= parseDuration(present)) return null;
  return steps.find((step) => parseDuration(step) >= needed) ?? steps.at(-1) ?? null;
}
