import { messageOf } from '../../schema/errors';
import { codeOf } from './errorCode';

/** What PostgreSQL itself said, of errors whose message knex has put its statement before. */
const words = new WeakMap<object, string>();

/** Keeps the message of an error as it is now, before knex changes it. */
export function keepWords(error: unknown): void {
  if (typeof error === 'object' && error !== null) words.set(error, messageOf(error));
}

/** The message of an error without the statement: PostgreSQL's own words, which the statement would leave no room for. */
export function wordsOf(error: unknown): string {
  const known = typeof error === 'object' && error !== null ? words.get(error) : undefined;
  if (known !== undefined) return known;
  const message = error instanceof AggregateError ? messageOf(error.errors[0]) : messageOf(error);
  // of another pool than ours
  return codeOf(error) === undefined ? message : (message.split(' - ').at(-1) ?? message);
}
