import type { Json } from '../../schema/json/json';
import { headerProblem } from '../../schema/text/headerText';
import { addressOf, type Filling, fill, NoAddress } from './address';
import { filledBody } from './body/jsonBody';
import type { Method } from './http';
import type { About } from './report';
import type { Source } from './source';

interface Template {
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly method?: Method | undefined;
  readonly body?: Json | undefined;
}

/** A request with everything filled in. */
export interface Addressed {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly method: Method;
  /** undefined for a request without a body */
  readonly body: Json | undefined;
}

/** Address and headers of a request, its `{names}` filled from the settings and from what the engine knows. Throws Usage. */
export function addressed(source: Source, template: Template, known: Filling, about: About): Addressed {
  const filling = { ...source.connection.settings, ...known };
  try {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries({ ...source.connector.headers, ...template.headers })) {
      const filled = fill(value, filling);
      const problem = headerProblem(name, filled);
      if (problem !== undefined) throw new NoAddress(problem + filledFrom(value, filling));
      headers[name] = filled;
    }
    const url = addressOf(source.base, template, filling);
    const body = template.body === undefined ? undefined : filledBody(template.body, filling);
    return { url, headers, method: template.method ?? 'GET', body };
  } catch (error) {
    if (!(error instanceof NoAddress)) throw error;
    throw source.sender.reporter.error(
      'Usage',
      about,
      `the request cannot be put together: ${error.message}`,
      'Correct the settings with `tidemark connect`, or the definition of the connector',
    );
  }
}

/** Names the settings that a template takes its text from. */
function filledFrom(template: string, filling: Filling): string {
  const names = [...template.matchAll(/\{(\w+)\}/g)].flatMap(([, name = '']) =>
    Object.hasOwn(filling, name) ? [name] : [],
  );
  return names.length === 0 ? '' : ` (it is filled from ${names.join(', ')})`;
}
