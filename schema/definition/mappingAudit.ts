import type { Target } from '../workflows';

/** Compares the fields of a source's records with the mapping. Its result stands in histories: paths, counts and ids, and no content. */
export type MappingAuditInput = Target;

/**
 * `unmapped`: a field with values that nothing in the definition reads. `missing`: a field that the mapping reads and no record has; `renamed`: one that
 * records of before had, beside another that is new. `always-null`: a column without a value. `other-type`: a column whose values all
 * have a narrower type than it, or a field whose values have several types. `set-aside`: records that the mapping refuses.
 */
export const mappingFindings = ['set-aside', 'renamed', 'missing', 'other-type', 'always-null', 'unmapped'] as const;
export type MappingFindingKind = (typeof mappingFindings)[number];

export interface MappingFinding {
  readonly about: MappingFindingKind;
  /** path of the field in a record, `*` for any element of a list; or the name of the column */
  readonly field: string;
  readonly finding: string;
  /** how many of the records show it */
  readonly records: number;
  /** some of these, at most three */
  readonly ids: readonly string[];
  /** whether both halves of the sample show it */
  readonly confirmed: boolean;
  /** what to change in the definition */
  readonly line: string | null;
}

export interface MappingAuditResult extends Target {
  /** records that the source listed just now */
  readonly records: number;
  /** stored records that they were compared with, for fields of before */
  readonly stored: number;
  readonly findings: readonly MappingFinding[];
}
