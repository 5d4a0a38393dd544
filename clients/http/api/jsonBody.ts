import type { FastifyInstance } from 'fastify';
import { ProblemError, problem } from '../problem';

/** No request nests deeper than a few levels; whoever walks a body may recurse as deep as it is. */
const deepest = 50;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Takes bodies as JSON in UTF-8 and nothing else. What is refused is not repeated: it may hold secrets. */
export function takeJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    // an empty body is checked field by field, as an empty object is
    if (body.length === 0) return done(null, undefined);
    const text = decoded(body as Buffer);
    if (text === undefined) return done(malformed('is not UTF-8'), undefined);
    if (isDeeper(text)) return done(malformed(`nests deeper than ${deepest} levels`), undefined);
    return parse(request, text, (error, value) => done(error && malformed('is no valid JSON'), value));
  });
}

function malformed(what: string): ProblemError {
  return new ProblemError(
    problem(400, 'MalformedBody', 'Malformed body', `The body ${what}: send one JSON object in UTF-8.`),
  );
}

function decoded(body: Buffer): string | undefined {
  try {
    return utf8.decode(body);
  } catch (error) {
    // of another realm under Jest, so not by `instanceof`
    if ((error as { code?: unknown }).code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return undefined;
    throw error;
  }
}

/** Counts brackets outside of strings, before anything is made of the text. */
function isDeeper(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const one = text[at];
    if (quoted) {
      if (one === '\\') at += 1;
      else if (one === '"') quoted = false;
    } else if (one === '"') quoted = true;
    else if (one === '[' || one === '{') {
      depth += 1;
      if (depth > deepest) return true;
    } else if (one === ']' || one === '}') depth -= 1;
  }
  return false;
}
