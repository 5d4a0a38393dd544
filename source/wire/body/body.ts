import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import { TransportProblem, unavailable } from '../transportProblem';

/** What we can undo; the request says so. */
export const acceptedEncodings = 'gzip, deflate, br';

type Decompress = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const inflateEither: Decompress = (body, options) =>
  // "deflate" means zlib's format, but some servers send the bare one: its first byte can't be zlib's
  ((body[0] ?? 0) & 0x0f) === 0x08 ? promisify(inflate)(body, options) : promisify(inflateRaw)(body, options);

const decompressors: Readonly<Record<string, Decompress>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: inflateEither,
  br: promisify(brotliDecompress),
};

/** The body without its content encoding, never larger than `limit` bytes. Throws TransportProblem. */
export async function decompressed(body: Buffer, encoding: string | undefined, limit: number): Promise<Buffer> {
  const name = encoding?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity' || body.length === 0) return body;
  const decompress = Object.hasOwn(decompressors, name) ? decompressors[name] : undefined;
  if (!decompress) {
    throw new TransportProblem(`the body is encoded as '${name}'`, {
      again: false,
      type: 'ContractBroken',
      todo: `Tidemark asks for ${acceptedEncodings} and can read nothing else`,
    });
  }
  try {
    return await decompress(body, { maxOutputLength: limit });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limit);
    if (code === 'Z_BUF_ERROR') throw unavailable('the compressed body was cut short');
    throw new TransportProblem(`the body is said to be ${name} but is not (${code})`, {
      again: true,
      type: 'ContractBroken',
      todo: 'Report it to the source, or to the operator of a proxy in between',
    });
  }
}

/** The body is larger than the client takes. */
export function tooLarge(limit: number): TransportProblem {
  return new TransportProblem(`the body is larger than ${limit} bytes, which is the limit`, {
    again: false,
    type: 'ContractBroken',
    todo: 'Ask for smaller pages (pageSize of the listing) or for fewer fields',
  });
}
