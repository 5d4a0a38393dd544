import { commandTables } from './commands';
import { definitions } from './definitions/definitions';
import type { Generated } from './generated';

/** All documents that `npm run docs` writes. A further one is a file or folder here and a line below. */
export const generated: readonly Generated[] = [definitions, ...commandTables];
