import type { Answer } from '../../simulator/answer';
import { type Fault, faultOf } from '../../simulator/faults';
import { errorAnswer, jsonAnswer } from './answers';
import type { Brand } from './brand';
import { type Kind, type Stored, shown } from './records';

const largestPage = 500;

/**
 * A JSON:API list. Parameters that a list does not know are ignored without a word, among them `per_page`, and `min_updated_datetime` on
 * users and class_sessions.
 */
export function listAnswer(brand: Brand, kind: Kind, params: URLSearchParams, faults: readonly Fault[]): Answer {
  const size = Math.min(whole(params.get('page_size'), 100), faultOf(faults, 'capPageSize')?.max ?? largestPage);
  const page = whole(params.get('page'), 1);
  const keep = faultOf(faults, 'ignoreFilter') ? () => true : filterOf(kind, params);
  const found = faultOf(faults, 'emptyList') ? [] : [...brand.all(kind)].filter(keep);
  const pages = Math.max(1, Math.ceil(found.length / size));
  if (page > pages) return errorAnswer(404, 'Invalid page.');
  const records = found.slice((page - 1) * size, page * size);
  const kept = records.slice(0, faultOf(faults, 'shortPage')?.keep ?? records.length);
  const doubled = faultOf(faults, 'doubleRecord') ? kept.slice(0, 1) : [];
  const count = found.length + (faultOf(faults, 'wrongTotal')?.by ?? 0);
  return jsonAnswer({
    data: [...kept, ...doubled].map((record) => shown(kind, record)),
    links: null,
    meta: { pagination: { count, pages, page, per_page: size } },
  });
}

function filterOf(kind: Kind, params: URLSearchParams): (record: Stored) => boolean {
  if (kind === 'users') return () => true;
  if (kind === 'class_sessions') {
    const [from, to] = [params.get('min_date') ?? '', params.get('max_date') ?? '9999'];
    return ({ attributes }) => String(attributes.start_date) >= from && String(attributes.start_date) <= to;
  }
  const [from, to] = [instant(params.get('min_updated_datetime')), instant(params.get('max_updated_datetime'))];
  const status = params.get('status');
  return ({ attributes, updatedAt }) =>
    updatedAt >= (from ?? Number.NEGATIVE_INFINITY) &&
    updatedAt <= (to ?? Number.POSITIVE_INFINITY) &&
    (status === null || attributes.status === status);
}

function instant(text: string | null): number | undefined {
  const at = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

/** A number of 1 or more; anything else is as if it were not there. */
export function whole(text: string | null, fallback: number): number {
  const value = Number(text ?? fallback);
  return Number.isInteger(value) && value >= 1 ? value : fallback;
}
