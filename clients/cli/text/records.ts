import type { SingleRecordResult } from '../../../schema/workflows';
import { type record, type recordRaw, recordRow } from '../../operations/records';
import { exitStatus } from '../failure';
import { statusOfOutcomes } from '../runOperation';
import { type Outcome, view } from '../view';
import { failureText } from './parts/runOutcome';
import { startedText } from './parts/started';

type Row = Readonly<Record<string, unknown>>;

const fetched = ({ state, result }: Outcome) =>
  state === 'done' ? (result as unknown as SingleRecordResult) : undefined;

export const views = {
  record: view<typeof record>({
    text: startedText('fetch'),
    ended: async ([one], { input, ask }) => {
      const result = one && fetched(one);
      if (result === undefined)
        return one === undefined ? '' : `${input.connection}/${input.entity} ${input.id} ${failureText(one)}`;
      const row = result.outcome === 'unknown-record' ? null : (await ask(recordRow, input)).row;
      return [sentenceOf(result, row), ...(row ? [rowText(row)] : []), ...nextStep(result)].join('\n');
    },
    endedStatus: (outcomes) =>
      outcomes.some((one) => ['set-aside', 'unknown-record'].includes(fetched(one)?.outcome ?? ''))
        ? exitStatus.failed
        : statusOfOutcomes(outcomes),
  }),
  'record raw': view<typeof recordRaw>({
    text: ({ id, says, detail, record: sent }) =>
      sent === null ? `${id}: the source shows no record (${says}): ${detail}` : JSON.stringify(sent, null, 2),
    status: ({ record: sent }) => (sent === null ? exitStatus.failed : exitStatus.done),
  }),
  'record show': view<typeof recordRow>({ text: ({ row }) => rowText(row) }),
};

const sentences: Readonly<Record<SingleRecordResult['outcome'], (id: string) => string>> = {
  inserted: (id) => `${id} was missing and is now in the table.`,
  updated: (id) => `${id} was updated.`,
  unchanged: (id) => `${id} is as the source has it; nothing was written.`,
  deleted: (id) => `${id} is gone at the source and was soft-deleted.`,
  refused: (id) => `${id}: the table holds a newer answer already; nothing was written.`,
  'set-aside': (id) => `${id} could not be written and was set aside.`,
  'unknown-record': (id) => `The source does not know ${id}, and the table has no row of it.`,
};

function sentenceOf({ id, outcome }: SingleRecordResult, row: Row | null): string {
  if (outcome === 'unchanged' && row?.deleted_at)
    return `The source has no ${id}, and its row is soft-deleted already.`;
  return sentences[outcome](id);
}

function nextStep({ connectionId, entity, id, outcome }: SingleRecordResult): string[] {
  if (outcome === 'set-aside') return [`Next: tidemark set-aside list ${connectionId} ${entity} --record ${id}`];
  return outcome === 'unknown-record' ? ['Next: check the id; it is the one that the source uses.'] : [];
}

/** One line per column, without the source's own form, which is long, and the engine's columns (`_…`). */
function rowText(row: Row): string {
  const shown = Object.entries(row).filter(([name]) => name !== 'raw' && !name.startsWith('_'));
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `  ${name.padEnd(width)}  ${valueText(value)}`).join('\n');
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return '-';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
