/** How far something is whose end is known. */
export interface Advance {
  readonly done: number;
  readonly of: number;
  /** a second */
  readonly rate: number;
  readonly unit: 'bytes' | 'lines';
}

/** The share that is done, the rate, and how long the rest will take at that rate. */
export function rateText({ done, of, rate, unit }: Advance): string {
  const share = `${Math.min(100, Math.floor((done / Math.max(1, of)) * 100))} %`;
  const speed =
    unit === 'bytes' ? `${(rate / 1_000_000).toFixed(1)} MB/s` : `${Math.round(rate).toLocaleString('en')} lines/s`;
  const left = rate > 0 && of > done ? `, ${durationText((of - done) / rate)} left` : '';
  return `${share}, ${speed}${left}`;
}

function durationText(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 90 ? `${whole} s` : `${Math.ceil(whole / 60)} min`;
}
