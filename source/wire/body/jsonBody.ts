import type { Json, JsonObject } from '../../../schema/json/json';
import { type Filling, fill, Several } from '../address';

/**
 * The body with each `{name}` inside its texts filled; keys stay as they are. A text that is nothing but the place of several values
 * becomes a list of them. Throws NoAddress.
 */
export function filledBody(body: Json, filling: Filling): Json {
  if (typeof body === 'string') {
    const whole = filling[/^\{(\w+)\}$/.exec(body)?.[1] ?? ''];
    return whole instanceof Several ? [...whole.values] : fill(body, filling);
  }
  if (Array.isArray(body)) return body.map((item) => filledBody(item, filling));
  if (typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [key, filledBody(value, filling)]));
}

/** A copy of the body with a value at a dotted path; objects on the way are made where they are missing. */
export function withValueAt(body: Json | undefined, path: string, value: string | number): JsonObject {
  const [step = '', ...rest] = path.split('.');
  const object = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {};
  return { ...object, [step]: rest.length === 0 ? value : withValueAt(object[step], rest.join('.'), value) };
}
