import type { Mutant } from './mutant';

/** The text with the mutant in it. Throws where what it looks for does not stand there exactly once. */
export function applied({ name, file, find, replace }: Mutant, text: string): string {
  const found = text.split(find).length - 1;
  if (found !== 1) {
    throw new Error(
      `mutant '${name}': its text stands in ${file} ${found} times, not once. Look what became of it and correct test/mutants/table.ts:\n${find}`,
    );
  }
  return text.replace(find, () => replace);
}

/** For Jest's -t: the name with its placeholders open. */
export function namePattern({ test }: Mutant): string {
  return test.name
    .split(/%[sdipj]|\$\w+/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
}
