import type { ErrorType } from '../../schema/errors';
import { TooManyDigits } from '../../schema/json/exactJson';
import { OutOfBounds } from './body/bounds';
import { NotJson, type ParsedBody, parseBody } from './body/parse';
import type { RecordPlace } from './body/spans';
import { whereBroken } from './body/whereBroken';
import type { Reply } from './http';
import type { Reporter } from './report';

/** What to do about a reply. */
export type Verdict =
  | { readonly kind: 'answer'; readonly body: ParsedBody | undefined; readonly reply: Reply }
  | { readonly kind: 'redirect'; readonly location: string; readonly problem: string }
  | { readonly kind: 'renew'; readonly problem: string }
  /** `milliseconds` undefined: the source didn't say how long. `notDone`: as for a failure; a gateway's 503 may come after its server has done it */
  | {
      readonly kind: 'wait';
      readonly milliseconds: number | undefined;
      readonly problem: string;
      readonly notDone: boolean;
    }
  | {
      readonly kind: 'failure';
      readonly again: boolean;
      readonly type: ErrorType;
      readonly problem: string;
      readonly todo: string;
      /** it is proved that what was requested was not done */
      readonly notDone?: boolean;
    };

/** Gateways that lost their server, and servers that were too slow to be asked; the 52x are Cloudflare's. */
const passing: ReadonlySet<number> = new Set([408, 425, 502, 503, 504, 520, 521, 522, 523, 524]);
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export const isRedirect = (status: number): boolean => redirects.has(status);
const answers: ReadonlySet<number> = new Set([200, 201, 203]);
const asItIs = 'The response contradicts the connector; nothing in it was used';

/** Reads a reply as far as HTTP and JSON go; what the body says is for the listing or record. */
export async function judge(reply: Reply, place: RecordPlace, reporter: Reporter): Promise<Verdict> {
  const { status } = reply;
  if (answers.has(status)) return judgeBody(reply, place, reporter);
  const problem = `answered ${status} with ${quoted(reply, reporter)}`;
  if (redirects.has(status)) return { kind: 'redirect', location: reply.headers.location ?? '', problem };
  // how long was not said, or `quotaWait` would have seen it
  if (status === 429) return { kind: 'wait', milliseconds: undefined, problem, notDone: true };
  if (status === 401) return { kind: 'renew', problem };
  if (status >= 500 || passing.has(status)) {
    const todo = 'The engine retries later; contact the source if this continues';
    return { kind: 'failure', again: passing.has(status), type: 'SourceUnavailable', problem, todo };
  }
  return {
    kind: 'failure',
    again: false,
    type: 'ContractBroken',
    problem,
    todo: todoOf(status),
    notDone: status >= 400,
  };
}

function todoOf(status: number): string {
  if (status === 404 || status === 410) {
    return 'Check the path, the settings (such as a tenant id) and whether the credentials are of this account';
  }
  if (status === 400 || status === 414 || status === 422) return 'Check the query that the connector sends';
  return asItIs;
}

async function judgeBody(reply: Reply, place: RecordPlace, reporter: Reporter): Promise<Verdict> {
  const { status, body } = reply;
  const contract = (problem: string, again: boolean, todo = asItIs): Verdict => ({
    kind: 'failure',
    again,
    type: 'ContractBroken',
    problem: `answered ${status} with ${problem}`,
    todo,
  });
  if (isBlank(body)) return contract('an empty body', true);
  if (isHtml(reply)) return contract(`a web page instead of JSON: ${quoted(reply, reporter)}`, true);
  try {
    return { kind: 'answer', body: await parseBody(body, place), reply };
  } catch (error) {
    if (error instanceof OutOfBounds) return contract(error.message, false, smaller);
    if (error instanceof TooManyDigits) return contract(`JSON that cannot be read: ${error.message}`, false);
    if (!(error instanceof NotJson)) throw error;
    if (!error.cut || !looksLikeJson(body)) return contract(notJson(reply), false);
    const problem = `answered ${status} with JSON that was cut short after ${body.length} bytes`;
    return { kind: 'failure', again: true, type: 'SourceUnavailable', problem, todo: 'The engine retries later' };
  }
}

const smaller = 'Ask for smaller pages (pageSize of the listing) or for fewer fields';

/**
 * Where the body stops being JSON, and what is wrong there. It quotes nothing of the body, since errors end up in histories,
 * which hold no content of records; of the path it names only what reads as a field's name, since some APIs use e-mail addresses as keys.
 */
function notJson({ body, headers }: Reply): string {
  const text = body.toString('utf8');
  const what = `text of ${text.length} characters (${headers['content-type'] ?? 'no content type'}) that is not JSON`;
  const broken = whereBroken(text);
  if (!broken) return what;
  const { line, column, path, problem } = broken;
  const named = path.split('.').map((step) => (/^[\w-]*$/.test(step) ? step : '*'));
  const where = path === '' ? '' : `, in '${named.join('.')}'`;
  return `${what}: at line ${line}, column ${column}${where}, ${problem}`;
}

/** A page made for people: a login form, a maintenance notice, a proxy's error. No API's word about a record. */
export function isHtml(reply: Reply): boolean {
  return /^\s*<(!doctype|html|head|body|\?xml|!--|[a-z]+[\s>])/i.test(beginning(reply, 1_000));
}

/** The first bytes of a body as text. */
export function beginning({ body }: Reply, bytes = 20_000): string {
  return body.toString('utf8', 0, bytes);
}

const blanks: ReadonlySet<number> = new Set([0x20, 0x0a, 0x0d, 0x09]);

export function isBlank(body: Buffer): boolean {
  return body.every((byte) => blanks.has(byte));
}

function looksLikeJson(body: Buffer): boolean {
  const first = body.find((byte) => !blanks.has(byte));
  return first === 0x7b || first === 0x5b;
}

export function quoted(reply: Reply, reporter: Reporter): string {
  const excerpt = reporter.excerpt(beginning(reply));
  return isBlank(reply.body) ? excerpt : `"${excerpt}"`;
}
