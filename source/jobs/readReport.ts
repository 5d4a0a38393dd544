import type { ConnectorEntity } from '../../schema/definition/connector';
import type { ListingName } from '../../schema/definition/listings/listing';
import type { Report } from '../../schema/definition/listings/report';
import type { ReportJob, ReportJobs } from '../../schema/reportJobs';
import type { ListOptions, SourcePage } from '../contract';
import { ended } from '../paging/proof/end';
import type { Source } from '../wire/source';
import { type AskedReport, askedReport, wantedReport } from './asked';
import { wholeAtOnce } from './atOnce';
import { linkOf, openDocument } from './link';
import { pageOf, pagesOf } from './pages';
import { partsOf } from './parts';
import { OtherDocument, type ReportPoint, reportPointOf } from './point';
import { type DoneJob, pollJob } from './poll';
import { startJob } from './start';

/**
 * The pages of a report, for SourceClient.streamAll: the answer at once where that is whole, else the document of a job. While the job is
 * to be started or is pending, it throws SourceAsksToWait, and a later call goes on from what `jobs` know.
 */
export async function* readReport(
  source: Source,
  jobs: ReportJobs,
  entity: ConnectorEntity,
  { name, report, options }: { readonly name: ListingName; readonly report: Report; readonly options: ListOptions },
): AsyncGenerator<SourcePage, void, undefined> {
  const asked = askedReport(source, jobs, entity, { name, report, options });
  const point = reportPointOf(options.resumePoint);
  const found = options.reader === undefined && report.capped ? undefined : await jobs.find(wantedReport(asked));
  if (found === undefined && report.capped !== undefined) {
    const whole = await wholeAtOnce(asked);
    if (whole) {
      yield whole;
      return;
    }
  }
  if (!isRunning(found)) {
    await startJob(asked, found);
    return;
  }
  const done = await pollJob(asked, found);
  if (done.empty) {
    yield pageOf(asked, found, {
      records: [],
      sentAs: () => undefined,
      bytes: 0,
      outside: 0,
      next: null,
      end: ended('one-answer'),
    });
    return;
  }
  yield* documentOf(asked, found, done, point?.job === found.id ? point : null);
}

/** Reads the document from where an earlier attempt stopped, or from its first row where it is no longer the same. */
async function* documentOf(
  asked: AskedReport,
  job: RunningJob,
  done: DoneJob,
  from: ReportPoint | null,
): AsyncGenerator<SourcePage, void, undefined> {
  const link = await linkOf(asked, job, done);
  const { total } = done;
  for (const start of from === null ? [null] : [from, null]) {
    const download = await openDocument(asked, job, link);
    try {
      yield* pagesOf(asked, job, partsOf(asked.report, download, link.gzip), { from: start, total });
      return;
    } catch (error) {
      if (!(error instanceof OtherDocument)) throw error;
    }
  }
}

type RunningJob = ReportJob & { readonly job: string };

function isRunning(job: ReportJob | undefined): job is RunningJob {
  return job?.state === 'running' && job.job !== null;
}
