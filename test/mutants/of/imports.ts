import type { Mutant } from '../mutant';

const file = 'test/strategies/importFile.test.ts';

/** Mutants of imports of files. */
export const imports: readonly Mutant[] = [
  {
    invariant: 4,
    name: 'a line of an old file overwrites what the source answered later',
    file: 'activities/imports/importFile.ts',
    find: 'sent: Math.min(asOf?.getTime() ?? received, received)',
    replace: 'sent: received',
    test: { file, name: 'against rows of the API a line ranks by the instant that the file is of' },
  },
  {
    invariant: 4,
    name: 'a line brings back a row that the source deleted',
    file: 'destination/imports/writeLines.ts',
    find: `c: { gone: '(c.deleted_at is not null)'`,
    replace: `c: { gone: 'false'`,
    test: { file, name: 'a row that the source deleted is not revived' },
  },
  {
    invariant: 5,
    name: 'an import that goes on counts lines again',
    file: 'activities/imports/importFile.ts',
    find: 'resumePoint: { line: lines.upTo }',
    replace: 'resumePoint: { line: 0 }',
    test: { file, name: 'killed half-way and repeated: the same rows, each line counted once' },
  },
  {
    invariant: 1,
    name: 'a row of the source keeps its version under the content of a file',
    file: 'destination/imports/writeLines.ts',
    find: 'source_updated_at = null, _version = null,',
    replace: '',
    test: { file, name: 'against rows of the API a line ranks by the instant that the file is of' },
  },
];
