import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Report, ReportWindow } from '../../schema/definition/listings/report';
import { parseDuration } from '../../schema/duration';
import { valueAt } from '../../schema/json/json';
import { instantOfWall, wallAt } from '../../schema/localTime';
import { olderThan } from '../reading/filter/filter';
import type { Filter } from '../reading/listRequest';
import { instantIn } from '../record/instantIn';

const day = 24 * 60 * 60 * 1000;

/** A range as it is sent, and the instants that it means, in milliseconds since 1970. */
export interface Range {
  readonly since: string;
  readonly until: string;
  readonly from: number;
  readonly to: number;
}

/**
 * The range of a report that is asked for now; `at`: milliseconds since 1970. `began`: where `changes` begins, instead of `from`. `wider`: by so many
 * milliseconds it is wider at each end, but for those that are declared otherwise.
 */
export function rangeAt(
  window: ReportWindow,
  timeZone: string,
  at: number,
  { began, wider = 0 }: { readonly began?: { text: string; at: number } | undefined; readonly wider?: number } = {},
): Range {
  const from = began?.at ?? at - fromMs(window) - wider;
  const today = Math.floor(wallAt(at, timeZone) / day) * day;
  if (window.form === 'date') {
    const first = Math.floor(wallAt(from, timeZone) / day) * day;
    const last = window.to === 'today' ? today - day : Math.floor(wallAt(at + wider, timeZone) / day) * day;
    return {
      since: began?.text ?? dateOf(first),
      until: dateOf(last),
      from: instantOfWall(first, timeZone),
      to: instantOfWall(last + day, timeZone),
    };
  }
  const to = window.to === 'today' ? instantOfWall(today, timeZone) : at + wider;
  const write = (instant: number) => {
    const iso = new Date(instant).toISOString();
    return window.form === 'iso-seconds' ? `${iso.slice(0, 19)}Z` : iso;
  };
  return { since: began?.text ?? write(from), until: write(to), from, to };
}

interface RangedReport {
  readonly entity: ConnectorEntity;
  readonly report: Pick<Report, 'window'>;
  readonly filter: Filter | undefined;
  readonly timeZone: string;
}

/** What to do where `whyOutside` says why. */
export const checkRange = 'Check the parameters of the request that starts the job, `report.window` and `since`';

/** Of the records of a page, how many are outside of the range of the report, and why that shows that the source has ignored it. */
export interface Outside {
  readonly outside: number;
  /** undefined where it does not show that */
  readonly ignored: string | undefined;
}

/**
 * Compares records with the range that was asked for. A record is outside where it is so by more than a day, which is as far as zones are
 * apart. `times`: of the start, see `timesNow`.
 */
export function outsideRange(
  { entity, report, filter, timeZone }: RangedReport,
  { from, to }: Readonly<Record<string, string>>,
  records: readonly unknown[],
): Outside {
  const { window } = report;
  if (window && from !== undefined && to !== undefined) {
    const instants = records.flatMap((record) => instantIn(valueAt(record, window.field), timeZone) ?? []);
    const isOutside = (instant: number) => instant < Number(from) - day || instant >= Number(to) + day;
    if (instants.length === 0 && records.length > 0)
      return {
        outside: 0,
        ignored: `no record has an instant at '${window.field}', so nothing shows that the range was obeyed`,
      };
    const outside = instants.filter(isOutside).length;
    return { outside, ignored: ignored(outside, instants.length) };
  }
  if (filter === undefined) return { outside: 0, ignored: undefined };
  const { older, readable } = olderThan(entity, records, filter.instant, filter.field);
  return { outside: 0, ignored: ignored(older, readable) };
}

function ignored(outside: number, readable: number): string | undefined {
  if (outside * 2 <= readable) return undefined;
  return `${outside} of ${readable} records are outside of the range that was asked for: the source ignores it`;
}

function fromMs({ from }: ReportWindow): number {
  return from === undefined ? 0 : parseDuration(from);
}

function dateOf(wall: number): string {
  return new Date(wall).toISOString().slice(0, 10);
}
