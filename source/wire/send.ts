import type { Asked } from '../../schema/answer';
import type { QuotaSigns } from '../../schema/definition/rateLimit';
import type { ErrorType } from '../../schema/errors';
import type { Json } from '../../schema/json/json';
import type { DatabaseClock, RequestBudget } from '../../schema/ports';
import type { Authorizer, Credential } from '../auth';
import { sameOrigin } from './address';
import type { SentRecord } from './body/parse';
import type { RecordPlace } from './body/spans';
import { exchange, type Limits, type Method, type Reply } from './http';
import { inLane } from './pace/lanes';
import { pause } from './pace/pause';
import { quotaWait, waitSaidBy } from './pace/quota';
import type { About, Reporter } from './report';
import { TransportProblem } from './transportProblem';
import { isBlank, isHtml, judge, quoted, type Verdict } from './verdict';

/** Further tries of a request after transport faults, and how long after the first one a last may begin. */
const furtherTries = 3;
const patienceMs = 20_000;
const firstPauseMs = 250;
/** A wait that the source asks for is waited here up to this; longer ones are parked in Temporal. */
const longestWaitHereMs = 10_000;
const waitsHere = 3;
/** How long a source is left alone that goes on saying wait after its short waits were obeyed. */
const waitInVainMs = 60_000;
export const longestChainOfRedirects = 5;

/** What every request of one client shares. */
export interface Sender {
  readonly reporter: Reporter;
  readonly authorizer: Authorizer;
  readonly budget: RequestBudget;
  readonly clock: DatabaseClock;
  /** called for every request with the status of its answer; null: there was none */
  readonly onAnswer: (status: number | null) => void;
  readonly limits: Limits;
  /** how the source says that a quota is used up, as far as the connector declares it */
  readonly quota?: QuotaSigns | undefined;
  /** name and width of the lane that bounds requests under way */
  readonly lane: string;
  readonly concurrency: number;
}

export interface Question {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly method?: Method | undefined;
  readonly body?: Json | undefined;
  /** statuses that mean "no records" when they come without a body */
  readonly empty?: ReadonlySet<number>;
  readonly about: About;
  readonly signal: AbortSignal;
  /** statuses that are answers here, such as 404 for a record; a web page with such a status is none */
  readonly statuses: ReadonlySet<number>;
  /** what a 403 is that is not among `statuses` */
  readonly forbidden: { readonly type: ErrorType; readonly todo: string };
  /** where the records are in the body */
  readonly place: RecordPlace;
  /** The request may be done once only, whatever its method: it is repeated only where it is proved that it was not done, which `notDone` is called for. */
  readonly once?: { notDone(): void } | undefined;
  /** a 202 is an answer, as to a request that starts a job */
  readonly accepted?: boolean;
}

export interface JsonAnswer extends Asked {
  readonly status: number;
  /** undefined for one of the question's `statuses` or `empty` */
  readonly body: unknown;
  readonly headers: Reply['headers'];
  /** of a record in the body: its own text */
  sentAs(record: unknown): SentRecord | undefined;
  readonly bytes: number;
  readonly sourceSent: number | null;
  /** where the answer came from, after redirects */
  readonly url: URL;
}

/**
 * Asks until there is an answer: waits its turn, repeats what a short fault broke, obeys short waits, renews the
 * credentials once, follows redirects on the same host. `sending` is called for every request. Throws TidemarkError.
 */
export async function ask(sender: Sender, question: Question, sending: () => void): Promise<JsonAnswer> {
  const { signal, about } = question;
  const began = performance.now();
  let { url } = question;
  let tries = 0;
  let waits = 0;
  let hops = 0;
  let renewed = false;
  for (;;) {
    const { verdict, credential } = await attempt(sender, question, url, sending);
    const fail = (type: ErrorType, problem: string, todo: string, retryAfterMs?: number) =>
      sender.reporter.error(
        type,
        about,
        `${question.method ?? 'GET'} ${shown(sender, url)} ${problem}`,
        todo,
        retryAfterMs === undefined ? {} : { retryAfterMs },
      );
    const notDone = question.once && isNotDone(verdict);
    if (notDone) question.once?.notDone();
    switch (verdict.kind) {
      case 'answer': {
        const { sent, received, bytes, sourceSent, status, headers } = verdict.reply;
        const sentAs = verdict.body?.sent ?? (() => undefined);
        return { sent, received, bytes, sourceSent, status, headers, body: verdict.body?.value, sentAs, url };
      }
      case 'redirect': {
        const next = verdict.location === '' ? undefined : sameOrigin(url, verdict.location);
        hops += 1;
        if (question.once)
          throw fail('ContractBroken', `${verdict.problem}, a redirect`, 'Correct the path in the definition');
        if (!next) {
          throw fail(
            'ContractBroken',
            `${verdict.problem}, a redirect to ${destination(url, verdict.location)}`,
            'Secrets are not sent to another host; if the API has moved, change the setting baseUrl',
          );
        }
        if (hops > longestChainOfRedirects) {
          throw fail('ContractBroken', `redirected ${hops} times`, 'Check the setting baseUrl and the path');
        }
        url = next;
        break;
      }
      case 'renew':
        if (renewed || !sender.authorizer.renew) {
          if (renewed) await sender.authorizer.refusedAgain?.(credential);
          throw fail(
            'CredentialsRefused',
            verdict.problem,
            'Give the connection working secrets: `tidemark connect <connector> <connection> --update`',
          );
        }
        await sender.authorizer.renew(credential, signal);
        renewed = true;
        break;
      case 'wait': {
        const milliseconds = verdict.milliseconds ?? Math.min(1000 * 2 ** waits, longestWaitHereMs);
        const inVain = waits >= waitsHere && milliseconds <= longestWaitHereMs;
        const because = sender.reporter.redact(`${question.method ?? 'GET'} ${shown(sender, url)} ${verdict.problem}`);
        await sender.budget.block(inVain ? waitInVainMs : milliseconds, because);
        // what may have been done is not asked for again here
        if (inVain || milliseconds > longestWaitHereMs || notDone === false) {
          const retryAfterMs = inVain ? waitInVainMs : milliseconds;
          const seconds = Math.ceil(retryAfterMs / 1000);
          throw fail('SourceAsksToWait', verdict.problem, `The engine retries in ${seconds} s`, retryAfterMs);
        }
        // a wait of nothing at all would be a busy loop
        await pause(Math.max(milliseconds, firstPauseMs), signal);
        waits += 1;
        break;
      }
      case 'failure': {
        const late = performance.now() - began > patienceMs;
        if (!verdict.again || notDone === false || tries >= furtherTries || late) {
          const times = tries > 0 ? ` (tried ${tries + 1} times)` : '';
          throw fail(verdict.type, `${verdict.problem}${times}`, verdict.todo);
        }
        await pause(firstPauseMs * 2 ** tries * (0.5 + Math.random()), signal);
        tries += 1;
        break;
      }
    }
  }
}

/** Whether a response proves that what was requested was not done: a refusal, or no connection. A time-out or a 5xx proves nothing. */
function isNotDone(verdict: Verdict): boolean {
  if (verdict.kind === 'renew') return true;
  return (verdict.kind === 'wait' || verdict.kind === 'failure') && verdict.notDone === true;
}

interface Attempt {
  readonly verdict: Verdict;
  /** what the request carried */
  readonly credential: Credential;
}

async function attempt(sender: Sender, question: Question, url: URL, sending: () => void): Promise<Attempt> {
  const { signal } = question;
  const outgoing = { url: new URL(url), headers: { ...question.headers } };
  // leave before the lane: who waits for leave must not keep others, perhaps more urgent, out of the lane
  await sender.budget.take(signal);
  // after the wait for leave, during which a token may expire
  const credential = await sender.authorizer.authorize(outgoing, signal);
  try {
    const reply = await inLane(sender.lane, sender.concurrency, signal, () => {
      sending();
      const posted = question.method === 'POST' ? JSON.stringify(question.body ?? {}) : undefined;
      return exchange(outgoing.url, outgoing.headers, sender.limits, sender.clock, signal, posted);
    });
    sender.onAnswer(reply.status);
    if (reply.status >= 200 && reply.status < 300) await sender.authorizer.accepted?.(credential);
    return { verdict: await judged(sender, question, reply), credential };
  } catch (error) {
    if (!(error instanceof TransportProblem)) throw error;
    sender.onAnswer(null);
    const { again, type, todo, unsent } = error;
    const problem = `failed: ${error.message}`;
    return { verdict: { kind: 'failure', again, type, todo, problem, notDone: unsent }, credential };
  }
}

async function judged(sender: Sender, question: Question, reply: Reply): Promise<Verdict> {
  const wait = quotaWait(reply, sender.quota);
  // before anything else: a status that means "gone" or "no such page" elsewhere is no evidence while the source says wait
  if (wait !== undefined) {
    const said = waitSaidBy(reply, sender.quota);
    const problem = `answered ${reply.status} with ${sender.reporter.excerpt(said)} and ${quoted(reply, sender.reporter)}`;
    return { kind: 'wait', milliseconds: wait, problem, notDone: reply.status < 500 };
  }
  if (question.statuses.has(reply.status) && !isHtml(reply)) return { kind: 'answer', body: undefined, reply };
  if (question.empty?.has(reply.status) && isBlank(reply.body)) return { kind: 'answer', body: undefined, reply };
  const accepted = question.accepted === true && reply.status === 202;
  const verdict = await judge(accepted ? { ...reply, status: 200 } : reply, question.place, sender.reporter);
  return reply.status === 403 && verdict.kind === 'failure' ? { ...verdict, ...question.forbidden } : verdict;
}

function destination(from: URL, location: string): string {
  return location !== '' && URL.canParse(location, from.href) ? new URL(location, from).origin : 'no address';
}

/** The address for messages: without the parameter that carries the key, and without anything else that is secret. */
export function shown(sender: Pick<Sender, 'authorizer' | 'reporter'>, url: URL): string {
  return sender.reporter.address(withoutKey(sender.authorizer, url));
}

/** A copy of the address without the query parameter that carries the secret. */
export function withoutKey(authorizer: Authorizer, url: URL): URL {
  const copy = new URL(url);
  if (authorizer.queryParameter !== undefined) copy.searchParams.delete(authorizer.queryParameter);
  return copy;
}
