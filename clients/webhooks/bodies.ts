import type { WebhookRules } from '../../schema/definition/webhooks';
import type { DeliveryHeaders } from './signature';

export type Body =
  | { readonly kind: 'body'; readonly text: string; readonly value: unknown }
  | { readonly kind: 'foreign-type' }
  | { readonly kind: 'malformed' };

/** The text and the value of a verified delivery's bytes. */
export function readBody(kind: WebhookRules['bodies'], headers: DeliveryHeaders, bytes: Buffer): Body {
  const isForm = kind === 'form' && isType(headers, /^application\/x-www-form-urlencoded\s*(;.*)?$/i);
  if (!isForm && !isType(headers, /^application\/([a-z0-9.-]+\+)?json\s*(;.*)?$/i)) return { kind: 'foreign-type' };
  const text = decoded(bytes);
  if (text === undefined) return { kind: 'malformed' };
  if (isForm) return { kind: 'body', text, value: formOf(text) };
  const json = parsed(text);
  return json === undefined ? { kind: 'malformed' } : { kind: 'body', text, value: json.value };
}

/** In UTF-8 and not compressed; some sources leave the type out. */
function isType(headers: DeliveryHeaders, wanted: RegExp): boolean {
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') return false;
  const type = headers['content-type'];
  if (type === undefined || type === '') return true;
  return typeof type === 'string' && wanted.test(type) && !/charset=(?!"?utf-?8)/i.test(type);
}

/** A text for each name; a list of texts for one that comes several times. */
function formOf(text: string): Record<string, string | string[]> {
  const form = new URLSearchParams(text);
  const names = [...new Set(form.keys())];
  // a name such as __proto__ is a name like any other
  return Object.fromEntries(
    names.map((name) => {
      const values = form.getAll(name);
      return [name, values.length === 1 ? (values[0] ?? '') : values];
    }),
  );
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decoded(body: Buffer): string | undefined {
  try {
    return utf8.decode(body);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
