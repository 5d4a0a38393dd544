import { placeholder } from '../../schema/definition/placeholders';
import type { JsonObject } from '../../schema/json/json';
import { baseUrlProblem } from '../../schema/sourceAddress';
import { isWellFormed } from '../../schema/text/storableText';

/** A request cannot be put together from the definition, the settings and the id; `message` says why. */
export class NoAddress extends Error {}

/** The connection's base URL. Throws NoAddress where it is missing, not http(s), or carries credentials. */
export function baseUrl(settings: Readonly<JsonObject>): URL {
  const problem = baseUrlProblem(settings.baseUrl);
  if (problem !== undefined) throw new NoAddress(`the setting 'baseUrl' ${problem}`);
  const url = new URL(String(settings.baseUrl));
  url.hash = '';
  return url;
}

/** Several values for one place: joined in a text, and a list where the place is a whole text of a JSON body. */
export class Several {
  constructor(
    readonly values: readonly string[],
    readonly separator: string,
  ) {}
}

/** What stands for `{name}` in paths, queries and headers. */
export type Filling = Readonly<Record<string, unknown>>;

interface RequestTemplate {
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** The address of a listing or record below the base URL. Throws NoAddress. */
export function addressOf(base: URL, template: RequestTemplate, filling: Filling): URL {
  const url = new URL(base);
  const [path = '', search = ''] = template.path.split('?', 2);
  // assigned, not resolved: a path that begins with two slashes would otherwise name another host
  url.pathname = `${base.pathname.replace(/\/+$/, '')}${fill(path, filling, pathSegment)}`;
  for (const [name, value] of new URLSearchParams(search)) url.searchParams.set(name, fill(value, filling, queryText));
  for (const [name, value] of Object.entries(template.query ?? {})) {
    url.searchParams.set(name, typeof value === 'string' ? fill(value, filling, queryText) : String(value));
  }
  return url;
}

/** Replaces each `{name}` of a template. Throws NoAddress for a name that nothing stands for. */
export function fill(template: string, filling: Filling, write: (value: string) => string = plain): string {
  return template.replace(placeholder, (whole, name: string | undefined) => {
    if (name === undefined) return whole.slice(1, -1);
    const value = Object.hasOwn(filling, name) ? filling[name] : undefined;
    if (value instanceof Several) return value.values.map(write).join(value.separator);
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw new NoAddress(`no value for {${name}} in '${template}'; the connection has no such setting`);
    }
    return write(String(value));
  });
}

const plain = (value: string) => value;

/** URLs encode everything but half a surrogate pair, in whose place they put U+FFFD without a word. */
function queryText(value: string): string {
  if (!isWellFormed(value)) throw new NoAddress('it holds half a surrogate pair, which cannot be part of a query');
  return value;
}

/** Whether a value can be one step of a path: not a dot or two, however encoded, and no half of a surrogate pair. */
export function fitsPath(value: string): boolean {
  return !/^(\.|%2e){1,2}$/i.test(value) && isWellFormed(value);
}

/** Encoded so that slashes and percent signs stay inside; what URLs cannot carry at all is refused instead of changed. */
function pathSegment(value: string): string {
  // a URL takes these as steps through the path however they are encoded
  if (/^(\.|%2e){1,2}$/i.test(value)) throw new NoAddress(`'${value}' cannot be part of a path`);
  if (!isWellFormed(value)) throw new NoAddress('it holds half a surrogate pair, which cannot be part of a path');
  return encodeURIComponent(value);
}

/** The address that a body or a redirect gave, resolved against its own address; undefined when it leads to another origin or nowhere. */
export function sameOrigin(from: URL, link: string): URL | undefined {
  const url = URL.canParse(link, from.href) ? new URL(link, from) : undefined;
  return url?.origin === from.origin ? bare(url) : undefined;
}

/**
 * The address of a next page, always at the origin of `from`, so that secrets go nowhere else. One that names the same host with another
 * scheme or port is followed at `from`'s: servers behind a proxy write the address at which the proxy reached them. `anyHost` does the
 * same for every host. Undefined when it leads elsewhere or nowhere.
 */
export function pageLink(from: URL, link: string, anyHost: boolean): URL | undefined {
  if (!URL.canParse(link, from.href)) return undefined;
  const url = new URL(link, from);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  if (url.origin !== from.origin && url.hostname !== from.hostname && !anyHost) return undefined;
  // put together from its parts: a path with two slashes at its front would name another host if it were resolved
  const here = new URL(from.origin);
  here.pathname = url.pathname;
  here.search = url.search;
  return here.origin === from.origin ? here : undefined;
}

function bare(url: URL): URL {
  url.username = '';
  url.password = '';
  url.hash = '';
  return url;
}
