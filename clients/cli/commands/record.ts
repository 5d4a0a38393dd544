import type { ConnectorEntity } from '../../../schema/definition/connector';
import { TidemarkError } from '../../../schema/errors';
import type { SingleRecordResult } from '../../../schema/workflows';
import { type AddCommand, addCommand, perform } from '../command';
import { exitStatus } from '../failure';
import { follow } from '../terminal/follow';
import { withSession } from '../terminal/session';

export const addRecord: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'record <connection> <entity> <id>',
    summary: 'fetch one record from the source now and write what it says',
    details: 'A record that the source no longer has is soft-deleted.',
    examples: [
      'record demo people 10000001',
      'record demo people 10000001 --show',
      'record demo people 10000001 --json',
    ],
  })
    .option('--show', 'only show the row as it is in the table; the source is not asked')
    .action(
      perform(onEnd, (shell, { show }: { show?: boolean }, connectionId: string, entityName: string, id: string) =>
        withSession(shell, async (session) => {
          const { findTarget } = await import('../../operations/targets.js');
          const { readRow } = await import('../../../destination/rows/readRow.js');
          const { entity } = await findTarget(session.db, await session.connectors(), connectionId, entityName);
          const name = `${connectionId}/${entityName} ${id}`;
          if (show) {
            const row = await readRow(session.db, entity, connectionId, id);
            if (row === undefined) throw noRow(entity, connectionId, id);
            shell.result({ row }, () => rowText(row));
            return undefined;
          }
          const { client } = await session.temporal();
          const { startRecord } = await import('../../temporal/start.js');
          const handle = await startRecord({ db: session.db, client }, { connectionId, entity, id });
          const [end] = await follow(shell, client, [{ name, handle }]);
          if (end === undefined || 'error' in end) throw end?.error;
          const { result } = end;
          const row = (await readRow(session.db, entity, connectionId, id)) ?? null;
          shell.result({ ...result, row }, () =>
            [sentenceOf(result, row), ...(row ? [rowText(row)] : []), ...nextStep(result)].join('\n'),
          );
          return result.outcome === 'set-aside' || result.outcome === 'unknown-record' ? exitStatus.failed : undefined;
        }),
      ),
    );
};

const sentences: Readonly<Record<SingleRecordResult['outcome'], (id: string) => string>> = {
  inserted: (id) => `${id} was missing and is now in the table.`,
  updated: (id) => `${id} was updated.`,
  unchanged: (id) => `${id} is as the source has it; nothing was written.`,
  deleted: (id) => `${id} is gone at the source and was soft-deleted.`,
  refused: (id) => `${id}: the table holds a newer answer already; nothing was written.`,
  'set-aside': (id) => `${id} could not be written and was set aside.`,
  'unknown-record': (id) => `The source does not know ${id}, and there is no row of it.`,
};

function sentenceOf({ id, outcome }: SingleRecordResult, row: Record<string, unknown> | null): string {
  if (outcome === 'unchanged' && row?.deleted_at)
    return `The source has no ${id}, and the table knows that it is gone.`;
  return sentences[outcome](id);
}

function nextStep({ connectionId, entity, id, outcome }: SingleRecordResult): string[] {
  if (outcome === 'set-aside') return [`Next: tidemark set-aside list ${connectionId} ${entity} --record ${id}`];
  return outcome === 'unknown-record' ? ['Next: check the id; it is the one that the source uses.'] : [];
}

function noRow(entity: ConnectorEntity, connectionId: string, id: string): TidemarkError {
  return new TidemarkError(
    'NotFound',
    `Table ${entity.table} has no row ${JSON.stringify(id)} of connection ${connectionId}: without --show the source is asked for it`,
  );
}

/** A line a column; the source's own form is long, and what begins with an underscore is the engine's. */
function rowText(row: Record<string, unknown>): string {
  const shown = Object.entries(row).filter(([name]) => name !== 'raw' && !name.startsWith('_'));
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `  ${name.padEnd(width)}  ${valueText(value)}`).join('\n');
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return '-';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
