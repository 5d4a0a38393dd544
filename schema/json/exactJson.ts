import { digitsOf, isHeldByNumber, mostDigits } from './decimal';

/** A number that cannot have been meant; `message` says why it is not read. */
export class TooManyDigits extends Error {}

/**
 * JSON.parse for a text with numbers that a double may not hold: those that it does not hold exactly come out as text of their
 * digits as they were sent, so that `9007199254740993` is not rounded to another record's id, nor an amount to another
 * amount. Everything else is as JSON.parse gives it. Numbers of too many digits throw, are left out (null), or are kept as text too.
 * Throws SyntaxError, and TooManyDigits.
 */
export function parseExactly(text: string, tooLong: TooLong = 'refuse'): unknown {
  return JSON.parse(quoteLongNumbers(text, tooLong));
}

type TooLong = 'refuse' | 'leave out' | 'keep';

function quoteLongNumbers(text: string, tooLong: TooLong): string {
  const out: string[] = [];
  let copied = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      at = endOfString(text, at);
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      const end = endOfNumber(text, at);
      const literal = text.slice(at, end);
      if (isJsonNumber(literal) && !isShort(literal)) {
        out.push(text.slice(copied, at), exactly(literal, tooLong));
        copied = end;
      }
      at = end;
    } else {
      at += 1;
    }
  }
  out.push(text.slice(copied));
  return out.join('');
}

const longest = 4_000;
const plain = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** What JSON calls a number; everything else is left to the parser to refuse. */
export function isJsonNumber(literal: string): boolean {
  return plain.test(literal);
}

/** So short, and without an exponent, that a double holds it. */
export function isShort(literal: string): boolean {
  return literal.length < 16 && !/[eE]/.test(literal);
}

function exactly(literal: string, tooLong: TooLong): string {
  if (tooLong !== 'keep' && mayBeTooLong(literal) && (literal.length > longest || digitsOf(literal) > mostDigits)) {
    if (tooLong === 'leave out') return 'null';
    throw new TooManyDigits(`it holds a number of more than ${mostDigits} digits, '${literal.slice(0, 20)}…'`);
  }
  return isHeldByNumber(literal) ? literal : `"${literal}"`;
}

/** Without an exponent it has no more digits than characters. */
function mayBeTooLong(literal: string): boolean {
  return literal.length > mostDigits || /[eE]/.test(literal);
}

/** The place behind the number that begins at `from`. */
export function endOfNumber(text: string, from: number): number {
  for (let at = from + 1; ; at += 1) {
    const code = text.charCodeAt(at);
    const isPart =
      (code >= 0x30 && code <= 0x39) || code === 0x2b || code === 0x2d || code === 0x2e || (code | 0x20) === 0x65;
    if (!isPart) return at;
  }
}

/** The place behind the string that begins at `at`. */
export function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code === 0x5c) at += 1;
  }
  return text.length;
}

/** What `pruning` keeps of a text. */
export interface Kept {
  /** levels of objects and lists; null stands for what is deeper */
  readonly depth: number;
  /** the longest string, with its quotes; longer ones become empty */
  readonly string: number;
  /** false: null stands for every list */
  readonly lists: boolean;
}

/** characters between two pauses of `pruning` */
const charactersInRow = 500_000;

/** The text without what is nested deep and without long strings. Pauses now and then, so that its caller can yield. */
export function* pruning(text: string, { depth, string: longestString, lists }: Kept): Generator<void, string> {
  const out: string[] = [];
  let copied = 0;
  let level = 0;
  /** the level of what is being left out; 0: nothing */
  let left = 0;
  let pause = charactersInRow;
  let at = 0;
  while (at < text.length) {
    if (at >= pause) {
      yield;
      pause = at + charactersInRow;
    }
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      const end = endOfString(text, at);
      if (left === 0 && end - at > longestString) {
        out.push(text.slice(copied, at), '""');
        copied = end;
      }
      at = end;
      continue;
    }
    if (code === 0x7b || code === 0x5b) {
      level += 1;
      if (left === 0 && (level > depth || (!lists && code === 0x5b))) {
        out.push(text.slice(copied, at), 'null');
        left = level;
      }
    } else if (code === 0x7d || code === 0x5d) {
      if (left === level) {
        copied = at + 1;
        left = 0;
      }
      level -= 1;
    }
    at += 1;
  }
  out.push(text.slice(copied));
  return out.join('');
}
