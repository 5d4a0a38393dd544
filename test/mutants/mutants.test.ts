import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { applied } from './applied';
import { mutants } from './table';

/** `npm run test:mutants` runs them, which takes minutes; here they are only kept from falling behind the code. */
const read = (file: string) => readFileSync(join(__dirname, '..', '..', file), 'utf8');

test('every invariant has a mutant', () => {
  const invariants = new Set(mutants.map(({ invariant }) => invariant));
  expect([...invariants].sort((a, b) => a - b)).toEqual(Array.from({ length: 14 }, (_, index) => index + 1));
});

test.each(mutants)('$invariant: $name', (mutant) => {
  const text = read(mutant.file);
  expect(applied(mutant, text)).not.toBe(text);
  expect(read(mutant.test.file)).toContain(mutant.test.name);
});
