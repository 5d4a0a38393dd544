// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text of other files is quoted

import type { Mutant } from './mutant';

const test = {
  file: 'test/zoo/zoo.test.ts',
  name: 'whatever the API: source and table are equal after a delta and a reconciliation',
} as const;

/** Faults that the generated sources of the zoo must find by themselves, without a test that knows of them. */
export const zooMutants: readonly Mutant[] = [
  {
    invariant: 1,
    name: 'the zoo: a number of more digits than a double holds is rounded',
    file: 'schema/exactJson.ts',
    find: 'return isHeldByNumber(literal) ? literal : `"${literal}"`;',
    replace: 'return literal;',
    test,
  },
  {
    invariant: 1,
    name: 'the zoo: every charset of one byte is read as ISO 8859-1',
    file: 'source/wire/charset.ts',
    find: 'decode(plain, name, { stripBOM: false })',
    replace: "plain.toString('latin1')",
    test,
  },
  {
    invariant: 1,
    name: 'the zoo: a record that was merged is taken for the one that its id is answered with',
    file: 'source/reading/getById.ts',
    find: 'if (found.id !== undefined && found.id !== id) {',
    replace: "if (found.id !== undefined && found.id === '') {",
    test,
  },
  {
    invariant: 3,
    name: 'the zoo: an id that no path can hold fails the run',
    file: 'source/reading/getById.ts',
    find: "if (unfit !== undefined) throw reporter.error('ContractBroken',",
    replace: "if (unfit !== undefined) throw reporter.error('Usage',",
    test,
  },
  {
    invariant: 12,
    name: 'the zoo: a first page that names no other ends the list',
    file: 'source/paging/chain.ts',
    find: `if (!chain.sizable) return ended('absence');`,
    replace: `if (chain.sizable) return ended('sign');`,
    test,
  },
  {
    invariant: 12,
    name: 'the zoo: a list that is interrupted twice goes on from the first interruption',
    file: 'source/paging/tally.ts',
    find: 'resume ? ownPart(resume) : undefined',
    replace: 'resume ? { ...resume } : undefined',
    test,
  },
  {
    invariant: 12,
    name: 'the zoo: a page behind the last that is answered 404 or 400 breaks the list',
    file: 'source/reading/listReader.ts',
    find: 'statuses: behind ? noSuchPage :',
    replace: 'statuses:',
    test,
  },
  {
    invariant: 12,
    name: 'the zoo: a list that moves is not looked at where two pages meet',
    file: 'source/paging/positional.ts',
    find: 'if (steps === 0 && beginsWith(reader, tail, back, answer.records.slice(seam - back))) {',
    replace: 'if (steps === 0) {',
    test,
  },
  {
    invariant: 13,
    name: 'the zoo: a 403 of a used-up quota is no wait',
    file: 'source/wire/quota.ts',
    find: '[403, 429, 503]',
    replace: '[429, 503]',
    test,
  },
  {
    invariant: 8,
    name: 'the zoo: a row that a trigger refuses stops the others',
    file: 'destination/rows/eachThatFits.ts',
    find: 'return /^[0-9A-Z]{5}$/.test(code) && !neverAboutARow.test(code);',
    replace: "return code === '' && !neverAboutARow.test(code);",
    test,
  },
  {
    invariant: 5,
    name: 'the zoo: an attempt that another one has taken over from goes on writing',
    file: 'destination/runs/runParts.ts',
    find: `      where run_id = ? and step = ? and partition = ? and fence = ?
      returning run_id)`,
    replace: `      where run_id = ? and step = ? and partition = ? and fence >= ?
      returning run_id)`,
    test,
  },
  {
    invariant: 1,
    name: 'the zoo: a reconciliation does not look for rows that are gone',
    file: 'destination/plans/diffScan.ts',
    find: '`c.deleted_at is null and',
    replace: '`c.deleted_at is not null and',
    test,
  },
];
