import { decimal, isHeldByNumber } from '../../schema/json/decimal';
import { parseExactly, pruning } from '../../schema/json/exactJson';
import { SourceText } from '../../schema/json/sourceText';
import { preview } from '../../schema/text/preview';
import { encodeVersion } from '../../schema/version';
import { shapeOf } from '../reading/shape';
import { sameOrigin } from './address';
import { inUtf8 } from './body/charset';
import { parseBody } from './body/parse';
import { whereBroken } from './body/whereBroken';
import { retryAfter } from './pace/retryAfter';
import { createReporter } from './report';
import { isHtml, judge } from './verdict';

/**
 * Everything that reads what a source sends takes time in proportion to its length. Each reader gets each text at a length and
 * at four times that length; a quadratic one takes sixteen times as long. The best of several runs counts, so that other work
 * on the machine disturbs little, and a reader fails only if it looks quadratic in every round.
 */
const place = { path: 'data', list: true };
const reporter = createReporter('acme', 'demo', { token: 'aaaaaaaaaaaaaaaaaaaab', other: '\\\\\\\\"' });
const replyOf = (text: string, status = 200) => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(text),
  bytes: text.length,
  sent: 0,
  received: 0,
  sourceSent: null,
});
const swallowed = async (work: () => unknown) => {
  try {
    await work();
  } catch {
    // refused is as good as read
  }
};

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  'a response': (text) => judge(replyOf(text), place, reporter),
  'a failure': (text) => judge(replyOf(text, 500), place, reporter),
  'a body': (text) => parseBody(Buffer.from(text), place),
  'where JSON is broken': (text) => whereBroken(text),
  'long numbers': (text) => parseExactly(text),
  'a record too deep': (text) => [...pruning(text, { depth: 8, string: 100, lists: true })],
  'escapes PostgreSQL cannot keep': (text) => new SourceText(text).storable,
  redaction: (text) => reporter.redact(text),
  'an excerpt': (text) => reporter.excerpt(text),
  'a web page': (text) => isHtml(replyOf(text)),
  'a wait': (text) => retryAfter(text, 0),
  'a charset': (text) => inUtf8(Buffer.from('{}'), text),
  'a link': (text) => sameOrigin(new URL('http://acme.test/a'), text),
  'a version, instant': (text) => encodeVersion('instant', text),
  'a version, integer': (text) => encodeVersion('integer', text),
  'a decimal': (text) => decimal().safeParse(text),
  'a number': (text) => isHeldByNumber(text),
  'a preview': (text) => preview({ text, list: text.split(',') }, 300),
  'the shape of a body': (text) =>
    shapeOf(Object.fromEntries(text.split(',').map((part, at) => [`${part}${at}`, part]))),
};

const texts: Readonly<Record<string, (length: number) => string>> = {
  'escaped quotes': (n) => `{"data":"${'\\"'.repeat(n / 2)}`,
  backslashes: (n) => `{"data":["${'\\'.repeat(n)}`,
  'quotes alone': (n) => '"'.repeat(n),
  'brackets opened': (n) => '['.repeat(n),
  'brackets in a record': (n) => `{"data":[${'['.repeat(n / 2)}${']'.repeat(n / 2)}]}`,
  'keys that may be the path': (n) => `{${'"d\\u0061ta":1,'.repeat(n / 14)}"data":[]}`,
  'lists at the path again and again': (n) => `{${'"data":[1,2],'.repeat(n / 13)}"data":[]}`,
  'JSON in a string, cut': (n) =>
    JSON.stringify({ data: JSON.stringify({ a: ['}'.repeat(n / 2), '\\'.repeat(n / 4)] }) }).slice(0, -1),
  digits: (n) => '1'.repeat(n),
  'zeros and a point': (n) => `0.${'0'.repeat(n)}1`,
  'long numbers': (n) => `{"data":[${'12345678901234567890.5,'.repeat(n / 23)}1]}`,
  'numbers that are none': (n) => `{"data":[${'-e+'.repeat(n / 3)}]}`,
  'halves of surrogate pairs': (n) => `{"data":["${'\\ud83e'.repeat(n / 6)}"]}`,
  'spaces and an end': (n) => `${' '.repeat(n)}x`,
  'angle brackets': (n) => `<${'a'.repeat(n)}`,
  'beginnings of a secret': (n) => 'a'.repeat(n),
  'a date and fractions': (n) => `2026-01-01T00:00:00.${'1'.repeat(n)}x`,
  'semicolons and spaces': (n) => `application/json${'; charset '.repeat(n / 10)}`,
  'slashes and dots': (n) => '/../.'.repeat(n / 5),
  commas: (n) => ','.repeat(n),
};

const least = 24_000;
/** Quadratic at the longer length takes seconds; below this there is nothing to compare but noise. */
const noiseMs = 50;
const rounds = 4;

async function best(read: (text: string) => unknown, text: string): Promise<number> {
  let fastest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 3; run += 1) {
    const began = performance.now();
    await swallowed(() => read(text));
    fastest = Math.min(fastest, performance.now() - began);
    if (fastest < noiseMs) break;
  }
  return fastest;
}

describe.each(Object.entries(readers))('%s', (_, read) => {
  test.each(Object.entries(texts))('%s', async (_name, make) => {
    const ratios: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const long = await best(read, make(least * 4));
      if (long < noiseMs) return;
      const ratio = long / Math.max(await best(read, make(least)), 0.1);
      if (ratio < 10) return;
      ratios.push(ratio);
    }
    expect(ratios).toEqual([]);
  });
});
