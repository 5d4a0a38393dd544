import type { ConnectorEntity } from '../../schema/definition/connector';
import { parseDuration } from '../../schema/duration';
import { TidemarkError } from '../../schema/errors';
import { instantOfWall, wallAt } from '../../schema/localTime';
import type { OpenTarget } from '../openTarget';
import type { Document } from './readDocument';

const dayMs = 24 * 60 * 60 * 1000;

/**
 * Which days a list shows in full: those that are inside of the range that was asked for by a day at each end, so that neither the edge of a day nor another
 * reading of the zone cuts one. A list that was not limited shows every day in full.
 */
export function isInside(open: OpenTarget, { range, sent }: Document): (day: string) => boolean {
  const { from, to } = range ?? coveredRange(open.entity, sent, zoneOf(open));
  return (day) => {
    const { begins, ends } = boundsOf(day, zoneOf(open));
    return begins >= from + dayMs && ends <= to - dayMs;
  };
}

/** Throws ContractBroken where a list has a day that is outside of the range that was asked for: then the source has not obeyed it. */
export function refuseOutside(open: OpenTarget, { range }: Document, days: Iterable<string>): void {
  if (range === undefined) return;
  const zone = zoneOf(open);
  const outside = [...days].filter((day) => {
    const { begins, ends } = boundsOf(day, zone);
    return ends <= range.from - dayMs || begins >= range.to + dayMs;
  });
  if (outside.length === 0) return;
  const asked = `${new Date(range.from).toISOString()} to ${new Date(range.to).toISOString()}`;
  throw new TidemarkError(
    'ContractBroken',
    `${open.target.connectionId}/${open.entity.name}: the list has lines of ${outside[0]}, and was asked for ${asked}: the source ignores the range, ` +
      'or limits by another field than `replaced.day`. Nothing was replaced',
  );
}

function zoneOf({ entity, connection }: OpenTarget): string {
  const { timeZone = 'connection' } = entity.replaced ?? {};
  return timeZone === 'connection' ? connection.timeZone : timeZone;
}

function boundsOf(day: string, zone: string): { readonly begins: number; readonly ends: number } {
  const wall = Date.parse(`${day}T00:00:00Z`);
  return { begins: instantOfWall(wall, zone), ends: instantOfWall(wall + dayMs, zone) };
}

/** What `all` shows, as far as its definition limits it; `at`: milliseconds since 1970. */
function coveredRange({ listings }: ConnectorEntity, at: number, zone: string): { from: number; to: number } {
  const { from, to } = listings.all.covers ?? {};
  const today = instantOfWall(Math.floor(wallAt(at, zone) / dayMs) * dayMs, zone);
  const until = to === 'today' ? today : to === undefined ? Number.POSITIVE_INFINITY : at - parseDuration(to);
  return { from: from === undefined ? Number.NEGATIVE_INFINITY : at - parseDuration(from), to: until };
}
