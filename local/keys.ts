import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { TidemarkError } from '../schema/errors';
import { readIfThere, writeWhole } from './files';

/** The secrets that a stack runs with. */
export interface StackKeys {
  /** 32 bytes in hex; encrypts the secrets of connections */
  readonly encryptionKey: string;
  /** opens the HTTP API */
  readonly apiKey: string;
}

const hexKey = z.string().regex(/^[0-9a-fA-F]{64}$/);

/**
 * The keys from the environment, else from `.tidemark/`, where they are made when missing. The encryption key is made only
 * for the embedded database, whose data lie in the same folder: with a database of your own, losing the folder would make
 * its secrets unreadable.
 */
export function stackKeys(stateFolder: string, env: NodeJS.ProcessEnv): StackKeys {
  return {
    encryptionKey: encryptionKey(join(stateFolder, 'encryption-key'), env),
    apiKey: env.TIDEMARK_API_KEY || readOrMake(join(stateFolder, 'api-key')),
  };
}

function encryptionKey(file: string, env: NodeJS.ProcessEnv): string {
  const given = env.OAUTH_ENCRYPTION_KEY;
  if (!given && env.DATABASE_URL) {
    throw new TidemarkError(
      'Usage',
      'DATABASE_URL is set, so OAUTH_ENCRYPTION_KEY must be too: 32 bytes in hex, made once with "openssl rand -hex 32" and kept in a safe place',
    );
  }
  const key = given || readOrMake(file);
  if (hexKey.safeParse(key).success) return key;
  throw new TidemarkError(
    'Usage',
    `${given ? 'OAUTH_ENCRYPTION_KEY' : file} is not a key: 32 bytes in hex are 64 characters 0-9 and a-f, as "openssl rand -hex 32" makes them`,
  );
}

/** @returns 32 random bytes in hex, kept in a file of mode 600 */
function readOrMake(file: string): string {
  const known = readIfThere(file)?.trim();
  if (known) return known;
  const made = randomBytes(32).toString('hex');
  writeWhole(file, `${made}\n`);
  return made;
}
