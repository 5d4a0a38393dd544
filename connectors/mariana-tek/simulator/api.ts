import type { IncomingMessage } from 'node:http';
import type { Answer } from '../../simulator/answer';
import type { Fault } from '../../simulator/faults';
import { errorAnswer, jsonAnswer, oauthError } from './answers';
import type { Brand } from './brand';
import type { MarianaTekParts } from './control';
import { listAnswer } from './lists';
import { type Kind, kinds, shown } from './records';
import { reportData, reportList, reportWith } from './reports';
import type { Served } from './served';

/** The answer of a brand's host, before a fault spoils it. */
export async function answerApi(
  parts: MarianaTekParts,
  { brand, tokens }: Served,
  request: IncomingMessage,
  url: URL,
  faults: readonly Fault[],
): Promise<Answer> {
  const body = await textOf(request);
  const path = url.pathname.replace(/\/$/, '');
  if (path === '/o/token') {
    if (request.method !== 'POST') return oauthError('invalid_request', 405);
    // a form, or a query string
    return tokens.answer(new URLSearchParams([...url.searchParams, ...new URLSearchParams(body)]));
  }
  if (!path.startsWith('/api/')) return errorAnswer(404);
  const bearer = (request.headers.authorization ?? '').replace(/^Bearer /, '');
  const scope = tokens.scopeOf(bearer);
  if (scope === undefined) return errorAnswer(401);
  const refused = parts.limiter.take(bearer, performance.now());
  if (refused) return refused;
  if (scope !== 'admin') return errorAnswer(403);
  if (request.method !== 'GET') return errorAnswer(405);
  return parts.stale.read(performance.now(), () => data(parts, brand, path.slice('/api/'.length), url, faults));
}

function data(parts: MarianaTekParts, brand: Brand, path: string, url: URL, faults: readonly Fault[]): Answer {
  const params = url.searchParams;
  const [first = '', second, ...more] = path.split('/');
  if (more.length > 0) return errorAnswer(404);
  if (isKind(first)) {
    if (second === undefined) return listAnswer(brand, first, params, faults);
    const found = brand.find(first, second);
    return found ? jsonAnswer({ data: shown(first, found) }) : errorAnswer(404);
  }
  if (first === 'table_reports') return reportList(brand, params, second);
  if (path === 'async_table_report_data/job_status') return parts.jobs.status(brand, params.get('id'));
  const report = reportWith(brand, params.get('id'));
  if (second !== undefined || report === undefined) return errorAnswer(404);
  if (first === 'table_report_data') return reportData(brand, report, params, faults);
  if (first === 'async_table_report_data') return parts.jobs.start(brand, report, params, faults);
  return errorAnswer(404);
}

function isKind(name: string): name is Kind {
  return (kinds as readonly string[]).includes(name);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
