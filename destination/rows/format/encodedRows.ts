import type { Answers, Asked, GoneAnswer, LiveAnswer, SetAsideAnswer } from '../../../schema/answer';
import { isComposite } from '../../../schema/definition/compositeKey';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import { SourceText } from '../../../schema/json/sourceText';
import type { Version } from '../../../schema/version';
import { quote } from '../../database/identifiers';
import { exactValue, mayHoldLongNumbers, withExactNumbers } from './exactInJson';
import {
  arrayParameter,
  columnText,
  type Elements,
  eachElement,
  instantElements,
  jsonText,
  textElements,
  textOf,
} from './rowArrays';
import { contentColumns } from './rowFormat';

/** Live answers in PostgreSQL's binary format. */
export interface EncodedRows {
  readonly ids: readonly string[];
  /** every key of each record, where the entity's key has fallbacks */
  readonly keys?: readonly (readonly string[])[];
  /** of each record, where the entity declares what duplicates are */
  readonly versions?: readonly Version[];
  /** column by column in the order of `incomingSql` */
  readonly columns: readonly Elements[];
  /** JSON text of each record as the source sent it, for those that PostgreSQL refuses */
  readonly raw: Elements;
}

/**
 * What a request said, with its live answers made ready to be written. They take a fraction of the memory of the answers
 * themselves, and none that the garbage collector has to look at, so pages wait in this form.
 */
export interface EncodedAnswers extends Asked {
  readonly rows: EncodedRows;
  readonly gone: readonly GoneAnswer[];
  readonly setAside: readonly SetAsideAnswer[];
}

interface IncomingColumn {
  readonly name: string;
  /** of the elements of its array */
  readonly type: 'text' | 'jsonb' | 'timestamptz';
  /** from there to the type of the table's column */
  readonly cast: string;
}

interface AnswerColumn extends IncomingColumn {
  readonly type: 'text' | 'jsonb';
  readonly of: (answer: LiveAnswer) => string | null;
}

/** In PostgreSQL's time, of the request that an answer came by. */
const timeColumns: readonly IncomingColumn[] = [
  { name: '_sent', type: 'timestamptz', cast: '' },
  { name: '_received', type: 'timestamptz', cast: '' },
];

const rawText: AnswerColumn = { name: 'raw', type: 'text', cast: '', of: ({ raw }) => jsonText(raw) };

const keyTexts: AnswerColumn = { name: '_keys', type: 'text', cast: '::text[]', of: ({ keys }) => arrayText(keys) };

/** As PostgreSQL reads an array of texts. */
function arrayText(keys: readonly string[] | undefined): string | null {
  return keys === undefined ? null : `{${keys.map((key) => `"${key.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}

/** Of an entity with related records: what a row that is inserted holds of them, and whether that of a row that exists was changed just now. */
const relatedAnswerColumns: readonly AnswerColumn[] = [
  { name: 'raw_related', type: 'text', cast: '', of: ({ related }) => related?.json ?? null },
  { name: '_related_sent_at', type: 'text', cast: '::timestamptz', of: ({ related }) => instantText(related?.sent) },
  {
    name: '_related_received_at',
    type: 'text',
    cast: '::timestamptz',
    of: ({ related }) => instantText(related?.received),
  },
  {
    name: '_related_changed',
    type: 'text',
    cast: '::boolean',
    of: ({ relatedChanged = false }) => String(relatedChanged),
  },
];

function instantText(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : new Date(milliseconds).toISOString();
}

function answerColumns(entity: ConnectorEntity): AnswerColumn[] {
  return [
    { name: '_id', type: 'text', cast: ' collate "C"', of: ({ id }) => id },
    { name: '_version', type: 'text', cast: ' collate "C"', of: ({ version }) => version },
    { name: '_updated', type: 'text', cast: '::timestamptz', of: (answer) => updatedAt(entity, answer) },
    // still text: it becomes jsonb where it is written, since most rows of a re-read are not
    ...(entity.raw ? [rawText] : []),
    ...(isComposite(entity.key) ? [keyTexts] : []),
    ...(entity.related === undefined ? [] : relatedAnswerColumns),
    ...contentColumns(entity).map(
      ({ name, type }): AnswerColumn =>
        type === 'jsonb'
          ? { name, type, cast: '', of: (answer) => exactJson(answer, name) }
          : { name, type: 'text', cast: type === 'text' ? '' : `::${type}`, of: ({ row }) => columnText(row[name]) },
    ),
  ];
}

/** A jsonb column's text, with the numbers that no double holds digit by digit. */
function exactJson(answer: LiveAnswer, name: string): string | null {
  const text = jsonText(answer.row[name]);
  if (text === null || !mayHoldLongNumbers(text)) return text;
  return withExactNumbers(jsonText(exactValue(answer.row[name], answer)) ?? 'null');
}

/** Makes a request's live answers ready to be written: while a transaction is open, no more than joining buffers is left. */
export function encodeAnswers(entity: ConnectorEntity, answers: Answers): EncodedAnswers {
  const { sent, received, live, gone, setAside } = answers;
  return { sent, received, gone, setAside, rows: encodeRows(entity, live, answers) };
}

export function encodeRows(
  entity: ConnectorEntity,
  live: readonly LiveAnswer[],
  { sent, received }: Asked,
): EncodedRows {
  const raw = textElements('text', live.map(rawText.of));
  return {
    ids: live.map(({ id }) => id),
    ...(entity.duplicates && { versions: live.map(({ version }) => version) }),
    ...(isComposite(entity.key) && { keys: live.map(({ keys = [] }) => keys) }),
    columns: [
      ...answerColumns(entity).map((column) =>
        column === rawText ? raw : textElements(column.type, live.map(column.of)),
      ),
      instantElements(sent, live.length),
      instantElements(received, live.length),
    ],
    raw,
  };
}

/** Each row by itself. */
export function eachRow({ ids, keys, versions, columns, raw }: EncodedRows): EncodedRows[] {
  const split = columns.map(eachElement);
  return eachElement(raw).map((element, row) => ({
    ids: ids.slice(row, row + 1),
    ...(versions && { versions: versions.slice(row, row + 1) }),
    ...(keys && { keys: keys.slice(row, row + 1) }),
    columns: split.flatMap((elements) => elements[row] ?? []),
    raw: element,
  }));
}

/** The record as the source sent it, of a row by itself. */
export function rawOf({ raw }: EncodedRows): unknown {
  const text = textOf(raw);
  return text === null ? null : new SourceText(text);
}

/** The rows of a batch, cast to the types of their columns (`raw` stays text); bind `incomingArrays`. */
export function incomingSql(entity: ConnectorEntity): string {
  const columns = [...answerColumns(entity), ...timeColumns];
  const values = columns.map(({ name, cast }) => `u.${quote(name)}${cast} as ${quote(name)}`);
  // OFFSET 0: each value is cast once, and not again in each place where it is compared
  return /* sql */ `
      select ${values.join(', ')}
      from unnest(${columns.map(({ type }) => `?::${type}[]`).join(', ')}) as u(${columns.map(({ name }) => quote(name)).join(', ')})
      offset 0`;
}

/** The parameters of `incomingSql`: an array for each column, with the rows of all parts. */
export function incomingArrays(entity: ConnectorEntity, parts: readonly EncodedRows[]): Buffer[] {
  return [...answerColumns(entity), ...timeColumns].map(({ type }, at) =>
    arrayParameter(
      type,
      parts.flatMap(({ columns }) => columns[at] ?? []),
    ),
  );
}

/** What is stored in `source_updated_at`: the version where that is an instant, in whole milliseconds. */
export function updatedAt(
  { deltaSyncField }: ConnectorEntity,
  { version }: Pick<LiveAnswer, 'version'>,
): string | null {
  return deltaSyncField?.kind === 'instant' && version !== null ? `${version.slice(0, 23)}Z` : null;
}
