import type { Knex } from 'knex';
import { claimDay, type DaysOf, liveDays, markReplaced } from '../../destination/rows/replaced/days';
import {
  dropLines,
  type LinesOf,
  linesOfDay,
  linesTable,
  type NumberedLine,
  openLines,
  stagedDays,
} from '../../destination/rows/replaced/lines';
import { writeAnswers } from '../../destination/rows/writeAnswers';
import type { WriteContext } from '../../destination/rows/writeContext';
import { advancePart, type PartKey, type PartProgress } from '../../destination/runs/runParts';
import { type Answers, addCounts, type Counts, noCounts } from '../../schema/answer';
import type { ParentPartition } from '../../schema/definition/partitions';
import type { SourcePage } from '../../source/contract';
import { remapRecord } from '../../source/record/remapRecord';
import type { ActivityDeps } from '../deps';
import type { OpenTarget } from '../openTarget';
import { isInside, refuseOutside } from './inside';
import { type Document, readDocument } from './readDocument';

export interface Replacing {
  readonly key: PartKey;
  readonly parent?: ParentPartition | undefined;
  readonly context: WriteContext;
  /** the last day that an earlier attempt has replaced; null: none */
  readonly after: string | null;
  readonly pages: (signal: AbortSignal) => AsyncIterable<SourcePage>;
  readonly signal: AbortSignal;
  /** what must be committed with the end of the part; returns how many ids it has staged for a difference */
  readonly atEnd?: (trx: Knex.Transaction, lines: number) => Promise<number>;
  readonly onProgress: (done: { readonly pages: number; readonly records: number; readonly counts: Counts }) => void;
}

/** The day holds a document that was requested later. */
class OlderDocument extends Error {}

/**
 * Reads a whole list, and then replaces the days that it shows in full, one transaction each, the oldest first: lines are written under the merge rule, and
 * rows that their day no longer lists are marked as left out. Killed anywhere, it reads the list again and goes on after the last day. Of a list that
 * shows nothing, whose end is not proved, or that has lines which cannot be read, no row is marked.
 */
export async function replaceDays(deps: ActivityDeps, open: OpenTarget, replacing: Replacing): Promise<Counts> {
  const { db } = deps;
  const { entity, target } = open;
  const { key, signal, onProgress } = replacing;
  const { runId, partition, fence } = key;
  const lines: LinesOf = { table: linesTable(runId, key.step), partition, fence };
  const days: DaysOf = { connectionId: target.connectionId, entity, partition };
  await openLines(db, lines);
  let counts: Counts = { ...noCounts };
  const document = await readDocument(deps, open, {
    ...replacing,
    lines,
    onPage: (read) => onProgress({ ...read, counts }),
  });
  const staged = await stagedDays(db, lines);
  const done = { pages: document.pages, records: document.records };
  refuseOutside(open, document, staged.keys());
  const inside = isInside(open, document);
  const known = document.lines > 0 ? await liveDays(db, days) : [];
  const all = [...new Set([...staged.keys(), ...known])].sort().filter(inside);
  for (const day of all.filter((one) => replacing.after === null || one > replacing.after)) {
    signal.throwIfAborted();
    const written = await replaceDay(deps, open, replacing, {
      day,
      days,
      document,
      lines: await linesOfDay(db, lines, day),
    });
    counts = addCounts(counts, written);
    deps.metrics.rows(target, written);
    onProgress({ ...done, counts });
  }
  await db.transaction(async (trx) => {
    const ids = (await replacing.atEnd?.(trx, document.lines)) ?? 0;
    await advancePart(trx, key, {
      ...{ ...startOf(document), ...done, requests: document.requests },
      ...{ resumePoint: null, counts: document.counts, done: true, endUncertain: document.endUncertain, staged: ids },
    });
  });
  await dropLines(db, lines);
  return addCounts(counts, document.counts);
}

/** A day, and the lines that its document lists for it. */
interface Day {
  readonly day: string;
  readonly days: DaysOf;
  readonly document: Document;
  readonly lines: readonly NumberedLine[];
}

async function replaceDay(
  { db }: ActivityDeps,
  open: OpenTarget,
  { key, parent, context }: Replacing,
  { day, days, document, lines }: Day,
): Promise<Counts> {
  const { sent, received } = document;
  const answers = answersOf(open, parent, { day, days, document, lines });
  const progress = (counts: Counts): PartProgress => ({
    ...startOf(document),
    ...{ resumePoint: { day }, pages: 0, records: 0, requests: 0, counts, done: false },
  });
  const replacement = { ...{ day, runId: key.runId, sent, received }, ids: answers.live.map(({ id }) => id) };
  const rule = { readLagMs: open.readLagMs, writtenBy: context.writtenBy };
  try {
    const { counts } = await writeAnswers(db, context, [answers], {
      runId: key.runId,
      alongside: async (trx, written) => {
        if (!(await claimDay(trx, days, replacement))) throw new OlderDocument();
        if (document.isWhole && written.counts.errors === 0) await markReplaced(trx, days, replacement, rule);
        await advancePart(trx, key, progress(written.counts));
      },
    });
    return counts;
  } catch (error) {
    if (!(error instanceof OlderDocument)) throw error;
    const counts = { ...noCounts, refused: lines.length };
    await db.transaction((trx) => advancePart(trx, key, progress(counts)));
    return counts;
  }
}

/** The lines of a day as answers about rows: a line is named by its day, its key, and its place among the lines that have both. */
function answersOf(
  open: OpenTarget,
  parent: ParentPartition | undefined,
  { day, days, document, lines }: Day,
): Answers {
  const { entity, mapContext } = open;
  const within = days.partition === '' ? day : `${days.partition}/${day}`;
  const answers = { ...document.times, live: [], gone: [], setAside: [] } as Answers & {
    live: Answers['live'][number][];
    setAside: Answers['setAside'][number][];
  };
  for (const { key, raw, number } of lines) {
    const mapped = remapRecord(entity, `${within}/${key}/${number}`, raw, { ...mapContext, partition: parent ?? null });
    if (mapped === null) continue;
    if ('row' in mapped) answers.live.push(mapped);
    else answers.setAside.push({ ...mapped, id: null });
  }
  return answers;
}

function startOf({ sent, sourceSent }: Document): Pick<PartProgress, 'firstSent' | 'firstSentSource'> {
  return { firstSent: sent, firstSentSource: sourceSent };
}
