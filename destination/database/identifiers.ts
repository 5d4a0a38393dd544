import { TidemarkError } from '../../schema/errors';

/**
 * Quotes the name of a table, column or schema for SQL. The one place that does; values are always bound instead.
 * `quote('tidemark', 'scan_7')` is `"tidemark"."scan_7"`. Throws where PostgreSQL would cut the name short silently
 * (more than 63 bytes) or could not hold it.
 */
export function quote(...path: readonly [string, ...string[]]): string {
  return path.map(quoteOne).join('.');
}

function quoteOne(name: string): string {
  // knex.raw would take a ? for a binding
  if (name === '' || /[\0?]/.test(name) || Buffer.byteLength(name) > 63) {
    throw new TidemarkError(
      'Usage',
      `${JSON.stringify(name)} can't be the name of a table or column: 1 to 63 bytes, no question marks`,
    );
  }
  return `"${name.replaceAll('"', '""')}"`;
}
