import { parseDuration } from '../../schema/duration';
import { messageOf } from '../../schema/errors';
import { valueAt } from '../../schema/json/json';
import type { ReportJob } from '../../schema/reportJobs';
import { declaredError } from '../reading/listAnswer';
import { instantIn } from '../record/instantIn';
import { fill } from '../wire/address';
import {
  type AskedReport,
  askFor,
  broken,
  everyMs,
  noDocument,
  startRequest,
  timesNow,
  waits,
  wantedReport,
} from './asked';

/**
 * Starts a job, or goes on with what an earlier attempt knows of it, and always ends by throwing: what comes next is asked for later, by an
 * attempt that finds the job's id. That a job is started is written down before the request is sent.
 */
export async function startJob(asked: AskedReport, found: ReportJob | undefined): Promise<never> {
  const { jobs, report, source } = asked;
  if (found?.state === 'starting') return await seek(asked, found);
  const start = { sent: source.sender.clock.sent(), times: timesNow(asked) };
  if (found !== undefined && found.blockedMs > parseDuration(report.poll.patience)) {
    await jobs.end(found.id, 'refused', 'another job was running');
    throw broken(
      asked,
      `another job of the source has been running for ${report.poll.patience}`,
      'Its records are not ours. End it at the source, or declare a longer `poll.patience`',
    );
  }
  const job = found ? await jobs.beginAgain(found.id, start) : await jobs.begin(wantedReport(asked), start);
  return await send(asked, job);
}

/** Sends the start, once. Whatever does not prove that nothing was started leaves the job as one that may be running. */
async function send(asked: AskedReport, job: ReportJob): Promise<never> {
  const { jobs, report, listing } = asked;
  let maybeDone = false;
  const answer = await askFor(
    asked,
    startRequest(asked, job.times),
    {},
    {
      statuses: new Set(report.running),
      sending: () => {
        maybeDone = true;
      },
      once: {
        notDone: () => {
          maybeDone = false;
        },
      },
    },
  ).catch(async (error: unknown) => {
    if (!maybeDone) await jobs.end(job.id, 'refused', messageOf(error));
    throw error;
  });
  if (report.running.includes(answer.status)) {
    await jobs.block(job.id);
    throw waits(
      asked,
      'another job of the source is running, whose records are not ours; ours is started after it',
      everyMs(report),
    );
  }
  if (declaredError(answer.body, listing.error) !== undefined) {
    await jobs.end(job.id, 'refused', 'the start was answered with an error');
    throw broken(
      asked,
      `the start was answered ${answer.status} with an error`,
      'Check the request that starts the job',
    );
  }
  const id = valueAt(answer.body, report.job);
  if ((typeof id !== 'string' && typeof id !== 'number') || id === '') {
    throw broken(
      asked,
      `the start was answered ${answer.status} without the job's id at '${report.job}'`,
      `Correct \`report.job\`. A job may be running: no other one is started before ${report.life} are over`,
    );
  }
  await jobs.started(job.id, String(id), answer.sourceSent);
  throw waits(asked, `job '${id}' was started`, everyMs(report));
}

/** The start of this job was not answered: it is looked for where the source lists its jobs, else its life is waited out. */
async function seek(asked: AskedReport, job: ReportJob): Promise<never> {
  const { jobs, report } = asked;
  const id = await listedId(asked, job);
  if (id !== undefined) {
    await jobs.started(job.id, id, null);
    throw waits(asked, `job '${id}' was found, whose start was not answered`, everyMs(report));
  }
  const left = parseDuration(report.life) - job.ageMs;
  if (left <= 0) {
    const problem = `its start was not answered ${report.life} ago, so its job is over by now`;
    throw await noDocument(asked, job, { state: 'lost', problem });
  }
  const pause = Math.min(left, Math.max(everyMs(report), job.ageMs / 4));
  const problem =
    'its start was not answered, so a job may be running; another one is not started before its life is over';
  throw waits(asked, problem, pause);
}

/** Ours is a job with equal parameters that was created no earlier than our request was sent. Several prove nothing. */
async function listedId(asked: AskedReport, job: ReportJob): Promise<string | undefined> {
  const { find } = asked.report;
  if (find === undefined) return undefined;
  const { body } = await askFor(asked, find.request, job.times);
  const listed = valueAt(body, find.jobs);
  if (!Array.isArray(listed))
    throw broken(asked, `there is no list of jobs at '${find.jobs}'`, 'Correct `report.find`');
  const filling = { ...asked.source.connection.settings, partition: asked.options.partition, ...job.times };
  const ours = listed.filter((one) => {
    const created = instantIn(valueAt(one, find.created));
    // times of whole seconds are cut
    if (created === null || created < Math.floor(job.sent / 1000) * 1000) return false;
    return Object.entries(find.same).every(([path, value]) => String(valueAt(one, path)) === fill(value, filling));
  });
  const id = ours.length === 1 ? valueAt(ours[0], find.job) : undefined;
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
}
