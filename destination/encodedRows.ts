import type { Answers, LiveAnswer } from '../schema/answer';
import type { ConnectorEntity } from '../schema/connector';
import { quote } from './identifiers';
import { arrayParameter, columnText, type Elements, instantElements, jsonText, textElements } from './rowArrays';
import { contentColumns } from './rowFormat';

/** One answer with the times of the request that it came by. */
export interface TimedLive {
  readonly answer: LiveAnswer;
  readonly sent: number;
  readonly received: number;
}

/** Live answers in PostgreSQL's binary format, column by column in the order of `incomingSql`. */
export type EncodedRows = readonly Elements[];

/** What a request said, with its live answers made ready to be written. */
export interface EncodedAnswers extends Answers {
  readonly encoded: EncodedRows;
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

/** In PostgreSQL's time; one request has one value of each, but a batch has several requests. */
const timeColumns: readonly IncomingColumn[] = [
  { name: '_sent', type: 'timestamptz', cast: '' },
  { name: '_received', type: 'timestamptz', cast: '' },
];

function answerColumns(entity: ConnectorEntity): AnswerColumn[] {
  return [
    { name: '_id', type: 'text', cast: ' collate "C"', of: ({ id }) => id },
    { name: '_version', type: 'text', cast: ' collate "C"', of: ({ version }) => version },
    { name: '_updated', type: 'text', cast: '::timestamptz', of: (answer) => updatedAt(entity, answer) },
    // still text: it becomes jsonb where it is written, since most rows of a re-read are not
    ...(entity.raw
      ? [{ name: 'raw', type: 'text', cast: '', of: ({ raw }: LiveAnswer) => jsonText(raw) } as const]
      : []),
    ...contentColumns(entity).map(
      ({ name, type }): AnswerColumn =>
        type === 'jsonb'
          ? { name, type, cast: '', of: ({ row }) => jsonText(row[name]) }
          : { name, type: 'text', cast: type === 'text' ? '' : `::${type}`, of: ({ row }) => columnText(row[name]) },
    ),
  ];
}

/**
 * Makes the live answers of a request ready to be written. Done when a page comes, while the former ones are being written,
 * it leaves no more than joining buffers for when a transaction is open.
 */
export function encodeAnswers(entity: ConnectorEntity, answers: Answers): EncodedAnswers {
  const { live, sent, received } = answers;
  return {
    ...answers,
    encoded: encodeRows(
      entity,
      live.map((answer) => ({ answer, sent, received })),
    ),
  };
}

export function encodeRows(entity: ConnectorEntity, batch: readonly TimedLive[]): EncodedRows {
  return [
    ...answerColumns(entity).map(({ type, of }) =>
      textElements(
        type,
        batch.map(({ answer }) => of(answer)),
      ),
    ),
    instantElements(batch.map(({ sent }) => sent)),
    instantElements(batch.map(({ received }) => received)),
  ];
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
      parts.flatMap((part) => part[at] ?? []),
    ),
  );
}

/** What stands in `source_updated_at`: the version where that is an instant, in whole milliseconds. */
export function updatedAt({ deltaSyncField }: ConnectorEntity, { version }: LiveAnswer): string | null {
  return deltaSyncField.kind === 'instant' && version !== null ? `${version.slice(0, 23)}Z` : null;
}
