import type { ErrorType } from '../../schema/errors';
import type { Reply } from './http';
import { parseJson } from './json';
import type { Reporter } from './report';
import { retryAfter } from './retryAfter';

/** What to do about a reply. */
export type Verdict =
  | { readonly kind: 'answer'; readonly body: unknown; readonly reply: Reply }
  | { readonly kind: 'redirect'; readonly location: string; readonly problem: string }
  | { readonly kind: 'renew'; readonly problem: string }
  /** `milliseconds` undefined: the source didn't say how long */
  | { readonly kind: 'wait'; readonly milliseconds: number | undefined; readonly problem: string }
  | {
      readonly kind: 'failure';
      readonly again: boolean;
      readonly type: ErrorType;
      readonly problem: string;
      readonly todo: string;
    };

/** Gateways that lost their server, and servers that were too slow to be asked; the 52x are Cloudflare's. */
const passing: ReadonlySet<number> = new Set([408, 425, 502, 503, 504, 520, 521, 522, 523, 524]);
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const answers: ReadonlySet<number> = new Set([200, 201, 203]);
const asItIs = 'The response contradicts the connector; nothing in it was used';

/** Reads a reply as far as HTTP and JSON go; what the body says is for the listing or record. */
export function judge(reply: Reply, reporter: Reporter): Verdict {
  const { status } = reply;
  if (answers.has(status)) return judgeBody(reply, reporter);
  const problem = `answered ${status} with ${quoted(reply, reporter)}`;
  if (redirects.has(status)) return { kind: 'redirect', location: reply.headers.location ?? '', problem };
  const pause = retryAfter(reply.headers['retry-after'], sourceNow(reply));
  if (status === 429 || (status === 503 && pause !== undefined)) return { kind: 'wait', milliseconds: pause, problem };
  if (status === 401) return { kind: 'renew', problem };
  if (status >= 500 || passing.has(status)) {
    const todo = 'The engine retries later; contact the source if this continues';
    return { kind: 'failure', again: passing.has(status), type: 'SourceUnavailable', problem, todo };
  }
  return { kind: 'failure', again: false, type: 'ContractBroken', problem, todo: todoOf(status) };
}

function todoOf(status: number): string {
  if (status === 404 || status === 410) {
    return 'Check the path, the settings (such as a tenant id) and whether the credentials are of this account';
  }
  if (status === 400 || status === 414 || status === 422) return 'Check the query that the connector sends';
  return asItIs;
}

function judgeBody(reply: Reply, reporter: Reporter): Verdict {
  const { status, text } = reply;
  const contract = (problem: string, again: boolean): Verdict => ({
    kind: 'failure',
    again,
    type: 'ContractBroken',
    problem: `answered ${status} with ${problem}`,
    todo: asItIs,
  });
  if (text.trim() === '') return contract('an empty body', true);
  if (isHtml(reply)) return contract(`a web page instead of JSON: ${quoted(reply, reporter)}`, true);
  try {
    return { kind: 'answer', body: parseJson(text), reply };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const type = reply.headers['content-type'] ?? 'no content type';
    if (!looksCut(text)) return contract(`text of ${text.length} characters (${type}) that is not JSON`, false);
    const problem = `answered ${status} with JSON that was cut short after ${text.length} characters`;
    return { kind: 'failure', again: true, type: 'SourceUnavailable', problem, todo: 'The engine retries later' };
  }
}

/** A page made for people: a login form, a maintenance notice, a proxy's error. No API's word about a record. */
export function isHtml(reply: Reply): boolean {
  return /^\s*<(!doctype|html|head|body|\?xml|!--|[a-z]+[\s>])/i.test(reply.text.slice(0, 1000));
}

/** Begins as an object or list and ends as neither. */
function looksCut(text: string): boolean {
  const first = text.trimStart()[0];
  const last = text.trimEnd().at(-1);
  return (first === '{' && last !== '}') || (first === '[' && last !== ']') || unbalanced(text);
}

/** A body cut just behind an inner bracket ends like a whole one, but has more brackets opened than closed. */
function unbalanced(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  const outsideStrings = text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"/gs, '');
  const opened = outsideStrings.replace(/[^[{]/g, '').length;
  return opened > outsideStrings.replace(/[^\]}]/g, '').length;
}

function quoted(reply: Reply, reporter: Reporter): string {
  const excerpt = reporter.excerpt(reply.text);
  return reply.text.trim() === '' ? excerpt : `"${excerpt}"`;
}

function sourceNow(reply: Reply): number {
  const stamped = Date.parse(reply.headers.date ?? '');
  return Number.isNaN(stamped) ? reply.received : stamped;
}
