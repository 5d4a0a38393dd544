import type { Knex } from 'knex';
import { storableJson, storableText } from '../../schema/text/storableText';
import { query } from '../database/query';

/** A line that could not be imported. */
export interface LineError {
  readonly line: number;
  readonly problem: string;
  /** the line as the file has it; of a long one the beginning */
  readonly content: string;
}

/** Of a longer line only the beginning is kept. */
const longestContent = 64 * 1024;

/** Notes lines that cannot be imported; a line that was noted before stays as it is. */
export async function noteErrors(db: Knex, importId: string, errors: readonly LineError[]): Promise<void> {
  if (errors.length === 0) return;
  await db.raw(
    /* sql */ `
    insert into tidemark.import_errors (import_id, line, problem, content)
    select ?, e.line, e.problem, e.content from jsonb_to_recordset(?::jsonb) as e (line bigint, problem text, content text)
    on conflict do nothing`,
    [importId, storableJson(errors.map((error) => ({ ...error, content: shortContent(error.content) })))],
  );
}

/** The line as it is kept. */
export function shortContent(content: string): string {
  return storableText(content.length <= longestContent ? content : `${content.slice(0, longestContent)}…`);
}

/** Those behind a line, in order. */
export async function errorsOf(
  db: Knex,
  importId: string,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<LineError[]> {
  return query<LineError>(
    db,
    'select line, problem, content from tidemark.import_errors where import_id = ? and line > ? order by import_errors.line limit ?',
    [importId, after, limit],
  );
}
