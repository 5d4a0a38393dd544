import type { FastifyInstance } from 'fastify';
import { TidemarkError } from '../../schema/errors';

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'it is taken',
  EACCES: 'that is not allowed',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'this machine has no such address',
};

/** Listens, and returns the address in use. Throws TidemarkError 'Usage', which names the variable to change. */
export async function listen(
  app: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
  variable: string,
): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const why = reasons[(error as NodeJS.ErrnoException).code ?? ''];
    if (why === undefined) throw error;
    throw new TidemarkError(
      'Usage',
      `Cannot listen on ${host}:${port}: ${why}. Set ${variable} or HOST to something else`,
      { cause: error },
    );
  }
}
