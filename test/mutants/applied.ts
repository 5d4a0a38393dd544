import type { Mutant } from './mutant';

/** The text with the mutant in it. Throws unless what it looks for is there exactly once. */
export function applied({ name, file, find, replace }: Mutant, text: string): string {
  const found = text.split(find).length - 1;
  if (found !== 1) {
    throw new Error(
      `mutant '${name}': its text is in ${file} ${found} times, not once. Look how it was changed and correct it in test/mutants/of/:\n${find}`,
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
