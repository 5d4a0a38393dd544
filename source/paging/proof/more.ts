import { holds, type More } from '../../../schema/definition/listings/valueIs';
import { valueAt } from '../../../schema/json/json';
import type { Told } from '../scheme';

type Body = Pick<Told, 'body'>;

/** Whether the body says that another page follows; undefined where the definition has no word for it. */
export function toldAt({ body }: Body, more: More | undefined): boolean | undefined {
  if (more === undefined) return undefined;
  if (typeof more !== 'string') return holds(body, more);
  const value = valueAt(body, more);
  return value !== undefined && value !== null && value !== false && value !== '';
}

/** Whether the body has anything at the place of the flag, be it that nothing follows. */
export function speaksOfMore({ body }: Body, more: More | undefined): boolean {
  return more !== undefined && valueAt(body, placeOfMore(more)) !== undefined;
}

/** Where the flag is, for messages. */
export function placeOfMore(more: More): string {
  return typeof more === 'string' ? more : more.path;
}
