/** A small change that breaks one invariant on purpose, and the test that notices. */
export interface Mutant {
  readonly name: string;
  /** its number in ARCHITECTURE.md */
  readonly invariant: number;
  readonly file: string;
  /** stands in the file exactly once */
  readonly find: string;
  readonly replace: string;
  /** `name` as it is written in the file; the `%s` or `$word` of a `test.each` matches anything. The test must pass by itself. */
  readonly test: { readonly file: string; readonly name: string };
}
