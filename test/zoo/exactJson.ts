import { canonical } from './exactNumbers';

/** A number of a JSON text, with all its digits. */
export class Digits {
  readonly text: string;
  constructor(literal: string) {
    this.text = canonical(literal) ?? literal;
  }
}

const token = /\s*(?:([[\]{}:,])|("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)|(true|false|null))/sy;

/** Reads JSON without ever making a double of a number: the oracle must not share the engine's parser. Throws SyntaxError. */
export function readExactly(text: string): unknown {
  token.lastIndex = 0;
  const next = () => {
    const found = token.exec(text);
    if (!found) throw new SyntaxError('this is no JSON');
    return found;
  };
  const value = (found: RegExpExecArray): unknown => {
    const [, mark, string, number, word] = found;
    if (string !== undefined) return JSON.parse(string);
    if (number !== undefined) return new Digits(number);
    if (word !== undefined) return JSON.parse(word);
    return mark === '{' ? object() : list();
  };
  const object = () => {
    const made: Record<string, unknown> = {};
    for (let found = next(); found[1] !== '}'; found = next()) {
      if (found[1] === ',') found = next();
      const key = JSON.parse(found[2] ?? '');
      next();
      made[key] = value(next());
    }
    return made;
  };
  const list = () => {
    const made: unknown[] = [];
    for (let found = next(); found[1] !== ']'; found = next()) made.push(value(found[1] === ',' ? next() : found));
    return made;
  };
  return value(next());
}
