import { exactRow, withExactNumbers } from '../../destination/rows/format/exactInJson';
import { jsonText } from '../../destination/rows/format/rowArrays';
import { type Line, type LinesOf, stageLines } from '../../destination/rows/replaced/lines';
import { writeAnswers } from '../../destination/rows/writeAnswers';
import type { WriteContext } from '../../destination/rows/writeContext';
import type { PartKey } from '../../destination/runs/runParts';
import {
  type Asked,
  addCounts,
  type Counts,
  type LiveAnswer,
  noCounts,
  type SetAsideAnswer,
} from '../../schema/answer';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { SourcePage } from '../../source/contract';
import type { ActivityDeps } from '../deps';
import { eachWith } from '../listing/interpret';
import type { OpenTarget } from '../openTarget';

/** A list that has been read to its end, and whose lines are staged. */
export interface Document extends Asked {
  readonly times: Asked;
  readonly sourceSent: number | null;
  readonly range: SourcePage['range'];
  readonly pages: number;
  readonly records: number;
  readonly requests: number;
  /** staged */
  readonly lines: number;
  /** of the lines that were set aside */
  readonly counts: Counts;
  readonly endUncertain: boolean;
  /** it has lines, all of them could be read, and its end is proved: what it does not list is not there */
  readonly isWhole: boolean;
}

interface Reading {
  readonly key: Pick<PartKey, 'runId'>;
  readonly context: WriteContext;
  readonly pages: (signal: AbortSignal) => AsyncIterable<SourcePage>;
  readonly signal: AbortSignal;
  readonly lines: LinesOf;
  readonly onPage: (read: { readonly pages: number; readonly records: number }) => void;
}

/** Reads a list to its end, stages its lines, and sets aside those that cannot be read. It was requested when its first page was. */
export async function readDocument(
  { db }: ActivityDeps,
  { entity }: OpenTarget,
  { key, context, pages, signal, lines, onPage }: Reading,
): Promise<Document> {
  const read = { pages: 0, records: 0, requests: 0, lines: 0 };
  let counts: Counts = { ...noCounts };
  let first: (Asked & { readonly sourceSent: number | null }) | undefined;
  let received = 0;
  let range: SourcePage['range'];
  let endUncertain = false;
  for await (const page of eachWith(pages(signal), (one) => linesOf(entity, one))) {
    first ??= page;
    received = Math.max(received, page.received);
    range ??= page.range;
    endUncertain ||= page.end?.certain === false;
    await stageLines(db, lines, page.lines);
    if (page.setAside.length > 0) {
      const { sent } = page;
      const answers = { sent, received: page.received, live: [], gone: [], setAside: page.setAside };
      counts = addCounts(counts, (await writeAnswers(db, context, [answers], { runId: key.runId })).counts);
    }
    read.pages += 1;
    read.records += page.records;
    read.requests += page.requests;
    read.lines += page.lines.length;
    onPage(read);
  }
  // a list has a page, if an empty one
  if (first === undefined) throw new RangeError('a list ended before its first page');
  const times = { sent: first.sent, received };
  const isWhole = read.lines > 0 && counts.errors === 0 && !endUncertain;
  return { ...times, times, sourceSent: first.sourceSent, range, ...read, counts, endUncertain, isWhole };
}

async function linesOf(
  entity: ConnectorEntity,
  page: SourcePage,
): Promise<{ readonly lines: readonly Line[]; readonly setAside: readonly SetAsideAnswer[] }> {
  const lines: Line[] = [];
  const setAside: SetAsideAnswer[] = [];
  for await (const answers of page.answers()) {
    // without its day, nothing says which line an entry is about
    setAside.push(...answers.setAside.map((one) => ({ ...one, id: null })));
    for (const live of answers.live) {
      const day = dayOf(entity, live);
      if (day === undefined) setAside.push(withoutDay(entity, live));
      else lines.push({ day, key: live.id, content: contentOf(entity, live), raw: jsonText(live.raw) ?? 'null' });
    }
  }
  return { lines, setAside };
}

function dayOf({ replaced }: ConnectorEntity, { row }: LiveAnswer): string | undefined {
  const day = row[replaced?.day ?? ''];
  const text = day instanceof Date ? day.toISOString().slice(0, 10) : day;
  return typeof text === 'string' && /^\d{4}-\d\d-\d\d$/.test(text) ? text : undefined;
}

function withoutDay({ replaced }: ConnectorEntity, { raw }: LiveAnswer): SetAsideAnswer {
  return { id: null, reason: 'invalid', detail: `its row has no day in column ${replaced?.day}`, raw };
}

function contentOf(entity: ConnectorEntity, live: LiveAnswer): string {
  return withExactNumbers(JSON.stringify(exactRow(entity, live)));
}
