import { addressOf, type Filling, fill, NoAddress } from './address';
import type { About } from './report';
import type { Source } from './source';

interface Template {
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Address and headers of a request, its `{names}` filled from the settings and from what the engine knows. Throws Usage. */
export function addressed(
  source: Source,
  template: Template,
  known: Filling,
  about: About,
): { readonly url: URL; readonly headers: Readonly<Record<string, string>> } {
  const filling = { ...source.connection.settings, ...known };
  try {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries({ ...source.connector.headers, ...template.headers })) {
      headers[name] = fill(value, filling);
    }
    return { url: addressOf(source.base, template, filling), headers };
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
