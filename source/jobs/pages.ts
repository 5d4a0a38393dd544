import { messageOf } from '../../schema/errors';
import { valueAt } from '../../schema/json/json';
import type { ReportJob } from '../../schema/reportJobs';
import type { SourcePage } from '../contract';
import { type DocumentPart, NotThisDocument } from '../formats/document';
import { ended, type ListEnd } from '../paging/proof/end';
import { answersOf, listedIn } from '../reading/answers';
import { newHeaders } from '../reading/newHeaders';
import { NotThisList } from '../reading/notThisList';
import { type Tabulated, tabulated } from '../reading/tabulated';
import { OutOfBounds } from '../wire/body/bounds';
import { NotJson, parseBody, type SentRecord } from '../wire/body/parse';
import { TransportProblem } from '../wire/transportProblem';
import { type AskedReport, broken, noDocument } from './asked';
import { Place, type ReportPoint } from './point';
import { checkRange, outsideRange } from './range';

/** The definition, not the document, is wrong, or the source has changed its report: another job would be no better. */
class WrongReport extends Error {
  constructor(
    problem: string,
    readonly todo: string,
  ) {
    super(problem);
  }
}

/**
 * The pages of a document. A page is handed out once the next one has begun or the end has been proved, and everything that needs the whole
 * hangs on the last one. Throws TidemarkError; OtherDocument where it is not the document that `from` was made in.
 */
export async function* pagesOf(
  asked: AskedReport,
  job: ReportJob,
  parts: AsyncIterable<DocumentPart>,
  { from, total }: { readonly from: ReportPoint | null; readonly total: number | undefined },
): AsyncGenerator<SourcePage, void, undefined> {
  try {
    yield* reading();
  } catch (error) {
    throw await understood(asked, job, error);
  }

  async function* reading(): AsyncGenerator<SourcePage, void, undefined> {
    const place = new Place(job.id, from);
    let head: unknown;
    let waiting: PageParts | undefined;
    for await (const part of parts) {
      if (part.kind === 'head') {
        head = part.body;
        await recordsOf(asked, head, emptyPart);
      } else if (part.kind === 'part') {
        if (place.passes(part)) continue;
        if (waiting) yield pageOf(asked, job, waiting);
        const page = await recordsOf(asked, head, part);
        const { outside, ignored } = outsideRange(asked, job.times, page.records);
        if (ignored !== undefined) throw new WrongReport(ignored, checkRange);
        waiting = { ...page, outside, bytes: part.text.length, next: place.point, end: null };
      } else {
        place.close();
        const end = endOf(asked, part, place.read, total);
        yield pageOf(asked, job, { ...(waiting ?? nothing), next: null, end });
        return;
      }
    }
  }
}

const nothing = { records: [], sentAs: () => undefined, bytes: 0, outside: 0 };
const emptyPart = { text: Buffer.from('[]'), count: 0 };

interface PartRecords {
  readonly records: readonly unknown[];
  sentAs(record: unknown): SentRecord | undefined;
}

/** The records of a part. Throws NotThisDocument, and WrongReport for headers that are not those of the definition. */
async function recordsOf(
  { report, source, about }: AskedReport,
  head: unknown,
  { text, count }: { readonly text: Buffer; readonly count: number },
): Promise<PartRecords> {
  const { value, sent } = await parseBody(text, { path: '', list: true }).catch((error: unknown) => {
    if (error instanceof NotJson || error instanceof OutOfBounds) throw new NotThisDocument(messageOf(error));
    throw error;
  });
  if (!Array.isArray(value) || value.length !== count) throw new NotThisDocument('its records are not JSON');
  const { tabular, format } = report.document;
  if (tabular === undefined) return { records: value, sentAs: sent };
  let table: Tabulated;
  try {
    const headers = format === 'json' ? tabular.headers : 'headers';
    table = tabulated({ ...tabular, headers }, head, value);
  } catch (error) {
    if (!(error instanceof NotThisList)) throw error;
    throw new WrongReport(
      messageOf(error),
      'Nothing in it was used. Correct `report.document.tabular`, or ask the source why its report has changed',
    );
  }
  if (tabular.others) newHeaders(source, about, table.unknown);
  return { records: table.records, sentAs: table.sentAs(sent) };
}

/** How the document ended. Throws NotThisDocument where it does not hold what it should, WrongReport where nothing proves its end. */
function endOf(
  { report }: AskedReport,
  part: DocumentPart & { kind: 'end' },
  read: number,
  polled: number | undefined,
): ListEnd {
  const at = report.document.total;
  const inDocument = at === undefined ? undefined : valueAt(part.body, at);
  if (at !== undefined && (typeof inDocument !== 'number' || !Number.isSafeInteger(inDocument)))
    throw new WrongReport(`'${at}' in the document is not a number of records`, 'Correct `report.document.total`');
  for (const total of [inDocument as number | undefined, polled]) {
    if (total !== undefined && total !== read)
      throw new NotThisDocument(`it has ${read} records, and its total is ${total}`, read < total);
  }
  if (inDocument !== undefined || polled !== undefined) return ended('total');
  if (part.proved) return ended('one-answer');
  throw new WrongReport(
    'nothing proves that the document is whole: it is not compressed, and there is no total',
    'Declare `report.poll.total`, or ask the source for gzip',
  );
}

interface PageParts extends PartRecords {
  readonly bytes: number;
  readonly outside: number;
  readonly next: ReportPoint | null;
  readonly end: ListEnd | null;
}

/** `sent` is that of the job's start: nothing in the document is known to be as late as the download. */
export function pageOf(
  asked: AskedReport,
  job: Pick<ReportJob, 'sent' | 'sourceSent' | 'times'>,
  { records, sentAs, bytes, outside, next, end }: PageParts,
): SourcePage {
  const { source, entity, count } = asked;
  const { requests } = count;
  count.requests = 0;
  const times = { sent: job.sent, received: source.sender.clock.received() };
  return {
    ...times,
    ...{
      records,
      resumePoint: next,
      end,
      token: null,
      bytes,
      sourceSent: job.sourceSent,
      requests,
      outside,
      range: rangeOf(job),
    },
    answers: () => answersOf(source, entity, { ...times, records, sentAs }),
    listed: () => listedIn(entity, records),
  };
}

/** The range that the times of a start mean; undefined where the report has none. */
function rangeOf({ times: { from, to } }: Pick<ReportJob, 'times'>): SourcePage['range'] {
  return from === undefined || to === undefined ? undefined : { from: Number(from), to: Number(to) };
}

/** A damaged document makes its job worth nothing; a connection that broke does not. */
async function understood(asked: AskedReport, job: ReportJob, error: unknown): Promise<unknown> {
  const { source, about, jobs } = asked;
  if (error instanceof TransportProblem) {
    const { type, todo } = error;
    return source.sender.reporter.error(type, about, `the document: ${error.message}`, todo);
  }
  if (error instanceof NotThisDocument) {
    return await noDocument(asked, job, {
      state: 'spoiled',
      problem: `the document of job ${job.job} cannot be used: ${error.message}`,
    });
  }
  if (!(error instanceof WrongReport)) return error;
  await jobs.end(job.id, 'spoiled', error.message);
  return broken(asked, `the document of job ${job.job}: ${error.message}`, error.todo);
}
