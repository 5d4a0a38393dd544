import type { Knex } from 'knex';
import { type LineError, noteErrors } from '../../destination/imports/importErrors';
import { bytesOf, type Upload } from '../../destination/imports/uploads';
import { importedColumns } from '../../schema/definition/importFile';
import { TidemarkError } from '../../schema/errors';
import { decoded, encodingOf } from '../../source/formats/delimited/encoding';
import { headingOf } from '../../source/formats/delimited/heading';
import { NotThisDocument } from '../../source/formats/document';
import { type LineLayout, lineReader } from '../../source/record/readLine';
import type { OpenTarget } from '../openTarget';
import { type FileForm, fileLines } from './fileLines';

/** What the first pass over a file finds: how it is written, and how many lines of each kind it has. */
export interface Survey {
  readonly form: FileForm;
  /** of each column that the file has, its place in a line */
  readonly places: Readonly<Record<string, number>>;
  readonly width: number;
  readonly lines: number;
  readonly headings: number;
  readonly blank: number;
  readonly continued: number;
  /** lines that can be read as rows, and those that cannot */
  readonly readable: number;
  readonly bad: number;
}

/** More bad lines than this share of the lines: it is another file, or another definition is meant. */
const mostBad = 0.2;
/** Bad lines of a file that is refused are listed up to here. */
const badListed = 10_000;

/** How lines of a surveyed file are read. */
export function layoutOf(
  { entity, mapContext }: OpenTarget,
  upload: Upload,
  survey: Pick<Survey, 'places' | 'width'>,
): LineLayout {
  const definition = entity.import;
  if (definition === undefined)
    throw new TidemarkError(
      'Usage',
      `Entity ${entity.name} has no \`import\` in its definition, so no file can be imported into it`,
    );
  const { timeZone } = mapContext.connection;
  return {
    entity,
    definition,
    places: new Map(Object.entries(survey.places)),
    width: survey.width,
    set: upload.set,
    timeZone,
  };
}

/**
 * Reads a file once to its end, and writes nothing but its bad lines. Throws TidemarkError 'Usage' for what is no file of this entity: no
 * text, no known headers, no lines below them, or too many bad lines.
 */
export async function surveyFile(
  db: Knex,
  open: OpenTarget,
  upload: Upload,
  onProgress: (lines: number) => void,
): Promise<Survey> {
  try {
    return await survey(db, open, upload, onProgress);
  } catch (error) {
    if (!(error instanceof NotThisDocument)) throw error;
    throw new TidemarkError('Usage', `File ${upload.name} cannot be imported: ${error.message}. Nothing was imported`);
  }
}

async function survey(
  db: Knex,
  open: OpenTarget,
  upload: Upload,
  onProgress: (lines: number) => void,
): Promise<Survey> {
  const definition = layoutOf(open, upload, { places: {}, width: 0 }).definition;
  const encoding = await encodingOf(bytesOf(db, upload));
  const wanted = Object.fromEntries(
    importedColumns(definition, open.entity.columns).map(({ name, headers }) => [name, headers]),
  );
  const { dialect, line, after, headers, places } = await headingOf(decoded(bytesOf(db, upload), encoding), wanted);
  const form: FileForm = { ...dialect, encoding, headerLine: line, after, headers };
  const width = headers.findLastIndex((header) => header.trim() !== '') + 1;
  const found = { form, places: Object.fromEntries(places), width };
  refuseWithoutKey(definition.key, { upload, places });
  const read = lineReader(layoutOf(open, upload, found));
  const sum = { lines: 0, headings: 0, blank: 0, continued: 0, readable: 0, bad: 0 };
  let first: LineError | undefined;
  for await (const some of fileLines(bytesOf(db, upload), form, read)) {
    sum.lines = some.upTo;
    sum.headings += some.headings;
    sum.blank += some.blank;
    sum.continued += some.continued;
    sum.readable += some.rows.length;
    if (sum.bad < badListed) await noteErrors(db, upload.id, some.bad);
    first ??= some.bad[0];
    sum.bad += some.bad.length;
    onProgress(sum.lines);
  }
  const records = sum.readable + sum.bad;
  if (records === 0) throw new NotThisDocument('it has no lines below its headers');
  if (sum.bad > records * mostBad)
    throw new NotThisDocument(
      `${sum.bad} of its ${records} lines cannot be read, more than ${mostBad * 100} %. The first is line ${first?.line ?? '?'}: ${first?.problem ?? ''}. ` +
        `'tidemark imports errors ${upload.id}' lists them`,
    );
  return { ...found, ...sum };
}

function refuseWithoutKey(
  key: unknown,
  { upload, places }: { readonly upload: Upload; readonly places: ReadonlyMap<string, number> },
): void {
  if (typeof key !== 'string' || places.has(key) || Object.hasOwn(upload.set, key)) return;
  throw new NotThisDocument(`it lacks the header of column '${key}', which is the key`);
}
