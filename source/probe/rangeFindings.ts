import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { heldBackMs } from '../../schema/definition/listings/listing';
import { parseDuration } from '../../schema/duration';
import { instantOfVersion } from '../../schema/version';
import { instantIn } from '../record/instantIn';
import { readRecord } from '../record/readRecord';
import type { Source } from '../wire/source';
import type { SampledPage } from './sample';

const day = 24 * 60 * 60 * 1000;
/** Of fewer records nothing is concluded. */
const enough = 3;

/** What the first page of `all` says about the range that the list covers, and about changes that it withholds. Asks nothing. */
export function rangeFindings(source: Source, entity: ConnectorEntity, page: SampledPage): ProbeFinding[] {
  return [...coversFinding(source, entity, page), ...heldBackFinding(entity, page)];
}

/** A range of which the list shows nothing is declared by another field than the source's, or the source ignores it. */
function coversFinding(source: Source, entity: ConnectorEntity, page: SampledPage): ProbeFinding[] {
  const { covers } = entity.listings.all;
  if (covers === undefined) return [];
  const about = 'covers';
  const { request } = page.answer;
  const { field, from, to } = covers;
  const context = { connection: source.connection };
  const zone = covers.timeZone ?? source.connection.timeZone;
  const instants = page.records.flatMap(({ raw }) => {
    const read = readRecord(entity, raw, context);
    return read.kind === 'live' ? (instantIn(read.row[field], zone) ?? []) : [];
  });
  // further pages may show others
  const whole = !page.more && page.records.length >= enough;
  if (instants.length === 0) {
    const finding = `no record has a date or an instant in column ${field}, by which the range is declared`;
    return [
      {
        about,
        verdict: whole ? 'contradicts' : 'unknown',
        finding,
        request,
        line: 'covers: { field: … }',
      },
    ];
  }
  const now = Date.now();
  const begins = from === undefined ? Number.NEGATIVE_INFINITY : now - parseDuration(from);
  const ends = to === undefined ? Number.POSITIVE_INFINITY : to === 'today' ? now : now - parseDuration(to);
  const inside = instants.filter((at) => at >= begins - day && at <= ends + day).length;
  const what = `${inside} of ${instants.length} listed records are in the range that is declared, by ${field}`;
  if (inside === 0)
    return [{ about, verdict: whole ? 'contradicts' : 'unknown', finding: what, request, line: 'covers: { … }' }];
  const finding = `${what}; whether the list shows all of the range, only its source knows`;
  return [{ about, verdict: 'unknown', finding, request, line: null }];
}

/** A record younger than the list withholds shows that it withholds less. That loses nothing; the reverse cannot be seen without a change. */
function heldBackFinding(entity: ConnectorEntity, page: SampledPage): ProbeFinding[] {
  const withheld = heldBackMs(entity.listings.all);
  if (withheld === 0 || entity.deltaSyncField?.kind !== 'instant') return [];
  const about = 'held-back';
  const { request } = page.answer;
  const versions = page.records.flatMap(({ version }) =>
    typeof version === 'string' ? [instantOfVersion(version)] : [],
  );
  const newest = versions.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const age = Date.now() - newest;
  const finding =
    age < withheld
      ? `the list shows a record that was changed ${Math.max(0, Math.round(age / 1000))} s ago: it withholds less than ${entity.listings.all.heldBack}`
      : `the newest record of the first page is older than ${entity.listings.all.heldBack}`;
  return [{ about, verdict: 'unknown', finding, request, line: null }];
}
