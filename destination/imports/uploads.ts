import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import { TidemarkError } from '../../schema/errors';
import type { Target } from '../../schema/workflows';
import { withRetry } from '../database/destinationError';
import { query } from '../database/query';

/** A file that was uploaded, without its bytes. */
export interface Upload extends Target {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string | null;
  /** null: its upload is not complete */
  readonly uploadedAt: Date | null;
  readonly asOf: Date | null;
  readonly set: Readonly<Record<string, string>>;
  readonly runId: string | null;
  readonly survey: unknown;
  readonly endedAt: Date | null;
}

const columns = /* sql */ `id::text as id, connection_id as "connectionId", entity, name, bytes, sha256, uploaded_at as "uploadedAt",
  as_of as "asOf", set_values as "set", run_id::text as "runId", survey, ended_at as "endedAt"`;

/** Bytes of a row of tidemark.import_chunks. */
const chunkBytes = 1024 * 1024;

export interface Uploading extends Target {
  /** of the file, without its folder */
  readonly name: string;
  /** more bytes than this are refused */
  readonly most: number;
  /** what the sender says that the file is: a file that differs is refused */
  readonly expected?: { readonly bytes?: number | undefined; readonly sha256?: string | undefined };
  /** so many bytes are stored */
  readonly onBytes?: (bytes: number) => void;
}

/**
 * Stores a file in the database, from which a worker on any machine reads it. It counts as uploaded once its last byte has come, and its
 * length and hash are what the sender said. Where anything fails, nothing of it is kept. Throws TidemarkError 'Usage' for a file that is
 * empty, longer than allowed, or not what the sender said.
 */
export async function storeUpload(
  db: Knex,
  { connectionId, entity, name, most, expected = {}, onBytes }: Uploading,
  bytes: AsyncIterable<Buffer>,
): Promise<Upload> {
  const [created] = await query<{ id: string }>(
    db,
    'insert into tidemark.imports (connection_id, entity, name) values (?, ?, ?) returning id::text as id',
    [connectionId, entity, name],
  );
  const id = created?.id ?? '';
  try {
    const hash = createHash('sha256');
    let length = 0;
    let number = 0;
    for await (const content of inChunks(bytes, (chunk) => {
      length += chunk.length;
      if (length > most)
        throw new TidemarkError(
          'Usage',
          `The file is longer than ${most} bytes, which is the limit. Nothing was imported; split the file`,
        );
      hash.update(chunk);
    })) {
      await withRetry(() =>
        db.raw(
          'insert into tidemark.import_chunks (import_id, number, content) values (?, ?, ?) on conflict do nothing',
          [id, number, content],
        ),
      );
      number += 1;
      onBytes?.(length);
    }
    if (length === 0) throw new TidemarkError('Usage', 'The file is empty. Nothing was imported');
    const sha256 = hash.digest('hex');
    refuseAnother(expected, length, sha256);
    const [upload] = await query<Upload>(
      db,
      `update tidemark.imports set bytes = ?, sha256 = ?, uploaded_at = clock_timestamp() where id = ? returning ${columns}`,
      [length, sha256, id],
    );
    if (upload === undefined) throw gone(id);
    return upload;
  } catch (error) {
    await db.raw('delete from tidemark.imports where id = ?', [id]).catch(() => undefined);
    throw error;
  }
}

function refuseAnother(
  { bytes, sha256: hash }: NonNullable<Uploading['expected']>,
  length: number,
  sha256: string,
): void {
  if (bytes !== undefined && bytes !== length)
    throw new TidemarkError(
      'Usage',
      `The file has ${bytes} bytes, but ${length} have come: it was changed or cut on its way. Nothing was imported; send it again`,
    );
  if (hash !== undefined && hash.toLowerCase() !== sha256)
    throw new TidemarkError(
      'Usage',
      `The SHA-256 of what has come is ${sha256}, not ${hash}: the file was changed on its way. Nothing was imported; send it again`,
    );
}

async function* inChunks(bytes: AsyncIterable<Buffer>, seen: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    seen(chunk);
    held.push(chunk);
    length += chunk.length;
    if (length < chunkBytes) continue;
    yield Buffer.concat(held);
    held = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(held);
}

/** Throws TidemarkError 'NotFound'. */
export async function uploadOf(db: Knex, id: string): Promise<Upload> {
  const [upload] = await query<Upload>(db, `select ${columns} from tidemark.imports where id = ?`, [id]);
  if (upload === undefined) throw gone(id);
  return upload;
}

/** The import of a run. Throws TidemarkError 'NotFound'. */
export async function uploadOfRun(db: Knex, runId: string): Promise<Upload> {
  const [upload] = await query<Upload>(db, `select ${columns} from tidemark.imports where run_id = ?`, [runId]);
  if (upload === undefined)
    throw new TidemarkError('NotFound', `Run ${runId} is no import, or what is known of its file was deleted`);
  return upload;
}

function gone(id: string): TidemarkError {
  return new TidemarkError(
    'NotFound',
    `There is no import ${id}: its file was deleted, by 'tidemark forget' or since its time was over. Import the file again`,
  );
}

/** The bytes of an uploaded file, a part at a time. Throws TidemarkError 'NotFound' where the file was deleted meanwhile. */
export async function* bytesOf(db: Knex, { id, bytes }: Pick<Upload, 'id' | 'bytes'>): AsyncGenerator<Buffer> {
  let length = 0;
  for (let number = 0; length < bytes; number += 1) {
    const [chunk] = await withRetry(() =>
      query<{ content: Buffer }>(db, 'select content from tidemark.import_chunks where import_id = ? and number = ?', [
        id,
        number,
      ]),
    );
    if (chunk === undefined) throw gone(id);
    length += chunk.content.length;
    yield chunk.content;
  }
}

/** How an uploaded file is to be imported. Throws TidemarkError 'Usage' where its import was started before. */
export async function prepareImport(
  db: Knex,
  id: string,
  { asOf, set }: { readonly asOf: Date; readonly set: Readonly<Record<string, string>> },
): Promise<void> {
  const { rowCount } = await db.raw(
    'update tidemark.imports set as_of = ?, set_values = ?::jsonb where id = ? and run_id is null and uploaded_at is not null',
    [asOf, JSON.stringify(set), id],
  );
  if (rowCount === 0)
    throw new TidemarkError(
      'Usage',
      `Import ${id} was started before, or its upload is not complete. Upload the file again`,
    );
}

/** Ties an import to its run, once. Throws TidemarkError 'Usage' where another run has it. */
export async function claimUpload(db: Knex, id: string, runId: string): Promise<void> {
  const { rowCount } = await db.raw(
    'update tidemark.imports set run_id = ? where id = ? and (run_id is null or run_id = ?) and uploaded_at is not null and as_of is not null',
    [runId, id, runId],
  );
  if (rowCount === 0)
    throw new TidemarkError(
      'Usage',
      `Import ${id} belongs to another run. Start imports with \`tidemark\`, not by hand in Temporal`,
    );
}

export async function keepSurvey(db: Knex, id: string, survey: unknown): Promise<void> {
  await db.raw('update tidemark.imports set survey = ?::jsonb where id = ?', [JSON.stringify(survey), id]);
}

/** Deletes the bytes of an import that has ended; what it changed and which lines it could not read stay for a while. */
export async function dropFile(db: Knex, id: string): Promise<void> {
  await db.raw('delete from tidemark.import_chunks where import_id = ?', [id]);
  await db.raw('update tidemark.imports set ended_at = coalesce(ended_at, clock_timestamp()) where id = ?', [id]);
}

/** Deletes an upload that no run has. */
export async function deleteUpload(db: Knex, id: string): Promise<void> {
  await db.raw('delete from tidemark.imports where id = ? and run_id is null', [id]);
}
