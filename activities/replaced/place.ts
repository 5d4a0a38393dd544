import type { ResumePoint } from '../../schema/definition/listings/listing';
import { replacedMarginMs } from '../../schema/definition/replaced';

/** The last day that an earlier attempt has replaced; null where there is none. */
export function dayOf(point: ResumePoint | null): string | null {
  return typeof point?.day === 'string' ? point.day : null;
}

/** The range to ask for, so that every day from the cursor to the present is inside of it by a day; `now`: milliseconds since 1970. */
export function widerRange(cursor: Date, now: number): { readonly since: Date; readonly until: Date } {
  return { since: new Date(cursor.getTime() - replacedMarginMs), until: new Date(now + replacedMarginMs) };
}
