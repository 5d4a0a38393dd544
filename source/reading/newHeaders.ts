import type { About } from '../wire/report';
import type { Source } from '../wire/source';

/** Headers that were reported, by connection, entity and listing; for the life of the process. */
const reported = new Set<string>();
/** A source that makes up headers must not fill the memory. */
const mostReported = 10_000;

/** Reports headers that the definition does not know, each once. */
export function newHeaders(source: Source, about: About, headers: readonly string[]): void {
  const fresh = headers.filter((header) => {
    const key = JSON.stringify([source.sender.lane, about.entity, about.what, header]);
    if (reported.has(key) || reported.size >= mostReported) return false;
    reported.add(key);
    return true;
  });
  if (fresh.length === 0) return;
  const shown = fresh.slice(0, 20).map((header) => JSON.stringify(header.slice(0, 100)));
  source.notice(
    source.sender.reporter.redact(
      `${about.entity}, ${about.what}: new headers ${shown.join(', ')}. Add them to \`others\` of its tabular, or to \`fields\` where they are needed`,
    ),
  );
}
