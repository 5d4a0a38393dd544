import { type ErrorOptions, type ErrorType, TidemarkError } from '../../schema/errors';
import type { ProxyFor } from '../../schema/settings/proxies';
import type { Secrets } from '../auth/authorizer';

/** What a request is about, for messages: `people`, and `listing 'changes'` or `record '17'`. */
export interface About {
  readonly entity: string;
  readonly what: string;
}

/** Writes the messages of everything that goes wrong with one connection, without its secrets. */
export interface Reporter {
  /** The text with every secret of the connection blotted out, also where it is URL-encoded, base64 or inside JSON. */
  redact(text: string): string;
  /** Blots out further secrets from now on, such as tokens: the latest of them, since they replace each other. */
  hide(values: readonly string[]): void;
  /** The beginning of a body on one line, bounded and without secrets. */
  excerpt(body: string): string;
  /** The address without secrets, user or fragment, bounded. */
  address(url: URL): string;
  /** An error that says what happened, to whom, and what to do. `problem` and `todo` are redacted. */
  error(type: ErrorType, about: About, problem: string, todo: string, options?: ErrorOptions): TidemarkError;
}

const blot = '[secret]';
const excerptLength = 300;
const addressLength = 500;
/** Tokens that are blotted out; former ones are of no use to anybody. */
const hiddenAtMost = 12;

/** What no message about a connection may show: its own secrets, and the credentials of every proxy that the environment names. */
export function hiddenOf(secrets: Secrets, proxyFor: ProxyFor | undefined): Secrets {
  const ofProxies = (proxyFor?.credentials ?? []).map((value, at) => [`credential ${at} of a proxy`, value]);
  return { ...secrets, ...Object.fromEntries(ofProxies) };
}

export function createReporter(connector: string, connectionId: string, secrets: Secrets): Reporter {
  const given = Object.values(secrets);
  const hidden = new Set<string>();
  let pattern = secretPattern(given);
  const redact = (text: string) => (pattern ? text.replace(pattern, blot) : text);
  return {
    redact,
    hide: (values) => {
      const before = hidden.size;
      for (const value of values) if (value !== '') hidden.add(value);
      if (hidden.size === before) return;
      for (const oldest of [...hidden].slice(0, -hiddenAtMost)) hidden.delete(oldest);
      pattern = secretPattern([...given, ...hidden]);
    },
    // cut before the search for speed, and after it so that no half of a secret is left at the end
    excerpt: (body) =>
      short(
        redact(body.slice(0, 20_000))
          .replace(/[\s\p{Cc}]+/gu, ' ')
          .trim(),
        excerptLength,
      ) || 'an empty body',
    address: (url) => {
      const shown = new URL(url);
      shown.username = '';
      shown.password = '';
      shown.hash = '';
      return short(redact(shown.href), addressLength);
    },
    error: (type, about, problem, todo, options) =>
      new TidemarkError(
        type,
        `${connector}, connection '${connectionId}', ${about.entity}, ${redact(`${about.what}: ${problem}. ${todo}`)}`,
        options,
      ),
  };
}

/** The text, or its beginning and an ellipsis. */
export function short(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

/** What is shorter occurs in every sentence: blotting it out would hide the message, and hardly a secret. */
const shortestSecret = 4;

/** Matches every form in which a secret's value may come back to us, longest first. */
function secretPattern(values: readonly string[]): RegExp | undefined {
  const forms = new Set<string>();
  for (const value of values.map((text) => text.trim()).filter((text) => text !== '')) {
    if (value.length >= shortestSecret) {
      forms.add(value);
      forms.add(encoded(value));
      forms.add(new URLSearchParams({ '': value }).toString().slice(1));
      forms.add(JSON.stringify(value).slice(1, -1));
    }
    for (const other of values) forms.add(Buffer.from(`${value}:${other.trim()}`).toString('base64'));
    forms.add(Buffer.from(value).toString('base64'));
  }
  if (forms.size === 0) return undefined;
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((form) => form.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join('|'), 'gi');
}

function encoded(value: string): string {
  return encodeURIComponent(value.toWellFormed());
}
