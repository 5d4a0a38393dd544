import type { ComparedAs } from '../../../schema/definition/comparedAs';

/**
 * SQL over an expression: what is compared of it, null where it equals nothing. Built of immutable functions, so that an index can hold it.
 * `type`: of the expression, as PostgreSQL names it.
 */
export function comparedSql(expression: string, as: ComparedAs, type: string): string {
  if (as === 'exact') return type === 'text' ? `nullif(trim(${expression}), '')` : expression;
  if (as === 'folded') return `nullif(trim(regexp_replace(lower(${expression}), '\\s+', ' ', 'g')), '')`;
  const digits = `regexp_replace(${expression}, '[^0-9]', '', 'g')`;
  return `case when length(${digits}) >= ${as.lastDigits} then right(${digits}, ${as.lastDigits}) end`;
}
