import { holds } from '../../schema/definition/listings/valueIs';
import { valueAt } from '../../schema/json/json';
import type { ReportJob } from '../../schema/reportJobs';
import { type Download, startDownload } from '../wire/download';
import { assertPublic, isThisMachine, PrivateAddress } from '../wire/publicAddress';
import { TransportProblem } from '../wire/transportProblem';
import { isRedirect } from '../wire/verdict';
import { type AskedReport, askFor, broken, everyMs, noDocument } from './asked';
import type { DoneJob } from './poll';

/** The address of a document, which is a secret: it is held in memory only, and no message contains its path or query. */
export interface DocumentLink {
  readonly url: URL;
  /** the source says that the document is compressed with gzip */
  readonly gzip: boolean;
}

/** Where the document of a job is now. Throws TidemarkError. */
export async function linkOf(
  asked: AskedReport,
  job: ReportJob & { readonly job: string },
  done: DoneJob,
): Promise<DocumentLink> {
  const { link } = asked.report;
  let { body } = done.answer;
  if (link.request !== undefined) {
    const document = link.document === undefined ? job.job : valueAt(body, link.document);
    if (typeof document !== 'string' && typeof document !== 'number') {
      throw broken(
        asked,
        `job ${job.job} is done, without the document's id at '${link.document}'`,
        'Correct `report.link.document`',
      );
    }
    ({ body } = await askFor(asked, link.request, { job: job.job, document: String(document) }));
  }
  const text = valueAt(body, link.at);
  if (typeof text !== 'string' || !URL.canParse(text)) {
    throw broken(asked, `job ${job.job} is done, without an address at '${link.at}'`, 'Correct `report.link.at`');
  }
  const url = new URL(text);
  asked.source.sender.reporter.hide([text, url.search.slice(1)]);
  return { url, gzip: link.compression !== undefined && holds(body, link.compression) };
}

const longestChainOfRedirects = 5;
/** Addresses of one job that led nowhere, before it is given up. */
const deadLinksAtMost = 5;
const slowestMs = 60_000;

/**
 * Begins to download. Each address, also one that a redirect names, must be of a declared host and public, and none is sent our
 * credentials. Throws TidemarkError: SourceUnavailable where the address leads nowhere now, since the next attempt asks for another one.
 */
export async function openDocument(asked: AskedReport, job: ReportJob, link: DocumentLink): Promise<Download> {
  const { source, options, about, jobs, report } = asked;
  let { url } = link;
  for (let hops = 0; hops <= longestChainOfRedirects; hops += 1) {
    assertAllowed(asked, url);
    const download = await started(asked, url);
    source.sender.onAnswer(download.status);
    if (download.status === 200) return download;
    await download.bytes[Symbol.asyncIterator]().return?.();
    if (isRedirect(download.status)) {
      const { location = '' } = download.headers;
      if (!URL.canParse(location, url.href))
        throw broken(asked, `${url.origin} redirects to no address`, 'Ask the source');
      url = new URL(location, url);
      source.sender.reporter.hide([url.search.slice(1)]);
      continue;
    }
    const problem = `the document's address at ${url.origin} answered ${download.status}`;
    if (download.status >= 500 || download.status === 408 || download.status === 429) {
      throw source.sender.reporter.error('SourceUnavailable', about, problem, 'The engine tries again');
    }
    const times = await jobs.deadLink(job.id);
    if (times > deadLinksAtMost) {
      throw await noDocument(asked, job, { state: 'spoiled', problem: `${problem}, as ${times} addresses of it did` });
    }
    throw source.sender.reporter.error('SourceUnavailable', about, problem, 'The engine asks for another address', {
      retryAfterMs: Math.min(slowestMs, everyMs(report) * 2 ** (times - 1)),
    });
  }
  throw broken(asked, `the document's address redirects more than ${longestChainOfRedirects} times`, 'Ask the source');

  async function started(of: AskedReport, to: URL): Promise<Download> {
    try {
      return await startDownload(to, source.base, source.sender.limits, options.signal);
    } catch (error) {
      if (error instanceof PrivateAddress) throw refused(of, to, 'is a private address');
      if (!(error instanceof TransportProblem)) throw error;
      source.sender.onAnswer(null);
      throw source.sender.reporter.error(error.type, about, `the document: ${error.message}`, error.todo);
    }
  }
}

/** Throws ContractBroken for a host that is not declared, one without TLS while the API has it, and a private address. */
function assertAllowed(asked: AskedReport, url: URL): void {
  const { report, source } = asked;
  const isOpen = url.protocol === 'http:' && source.base.protocol === 'http:';
  if (url.protocol !== 'https:' && !isOpen) throw refused(asked, url, `is not https`);
  if (url.username !== '' || url.password !== '') throw refused(asked, url, 'contains credentials');
  if (!report.link.hosts.some((pattern) => fits(url.hostname, pattern))) {
    throw refused(asked, url, `is of none of the hosts ${report.link.hosts.join(', ')}`);
  }
  try {
    assertPublic(url, isThisMachine(source.base));
  } catch (error) {
    if (!(error instanceof PrivateAddress)) throw error;
    throw refused(asked, url, 'is a private address');
  }
}

function refused(asked: AskedReport, url: URL, why: string): Error {
  return broken(
    asked,
    `the document's address leads to ${url.protocol}//${url.host}, which ${why}`,
    'Nothing was sent there. If it is right, add the host to `report.link.hosts`',
  );
}

function fits(host: string, pattern: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern;
}
