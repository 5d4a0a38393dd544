/** One row of the table. */
export interface Row {
  /** number of the goal in the plan for speed */
  readonly goal: number;
  readonly what: string;
  /** what was measured of the engine, with its unit */
  readonly ours: string;
  /** what was measured beside it in the same run, with its unit; '' where the goal is a plain figure */
  readonly reference: string;
  /** ours by the reference, or the plain figure that the limit is about; null where nothing could be measured */
  readonly ratio: number | null;
  /** `≤ 1.4`, `≥ 3` */
  readonly limit: string;
  readonly met: boolean;
}

/** At most or at least so much. */
export interface Limit {
  readonly atMost?: number;
  readonly atLeast?: number;
  /** of the ratio, where it is a plain figure: ` MB`, ` s` */
  readonly unit?: string;
}

/** Judges one figure. */
export function row(
  goal: number,
  what: string,
  { ours, reference = '', ratio }: { ours: string; reference?: string; ratio: number },
  { atMost, atLeast, unit = '' }: Limit,
): Row {
  const met = (atMost === undefined || ratio <= atMost) && (atLeast === undefined || ratio >= atLeast);
  const limit = [
    ...(atMost === undefined ? [] : [`≤ ${atMost}${unit}`]),
    ...(atLeast === undefined ? [] : [`≥ ${atLeast}${unit}`]),
  ].join(', ');
  return { goal, what, ours, reference, ratio: round(ratio), limit, met };
}

/** A row that could not be measured, with the reason where the figure would stand. */
export function unmeasured(goal: number, what: string, reason: string): Row {
  return { goal, what, ours: reason, reference: '', ratio: null, limit: '', met: false };
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}

export function seconds(milliseconds: number): string {
  return milliseconds < 1_000 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1_000).toFixed(2)} s`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MB`;
}
