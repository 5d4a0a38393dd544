import type { RecordDifference, VerifyResult } from '../../../schema/definition/checks';
import { TidemarkError } from '../../../schema/errors';
import { upperBound, withConfidence } from '../../operations/confidence';
import { type AddCommand, addCommand, perform } from '../command';
import { exitStatus } from '../failure';
import { follow } from '../terminal/follow';
import { plural } from '../terminal/phrases';
import { withSession } from '../terminal/session';
import { wholeNumber } from '../terminal/values';

interface Options {
  readonly sample?: number;
  readonly all?: boolean;
}

const usualSample = 300;

export const addVerify: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'verify <connection> <entity>',
    summary: 'compare rows with the source, field by field, without writing anything',
    details:
      'A sample of live rows is asked for one by one, and the confidence that it gives is told; --all lists the whole source and also ' +
      'finds what the table lacks. What differs is asked again after the read lag before it is told; what changed at the source ' +
      'after the cursor is told apart. Exit status 1 when something differs.',
    examples: ['verify demo people', 'verify demo people --sample 3000', 'verify demo people --all --json'],
  })
    .option(
      '--sample <n>',
      `so many rows, taken at random (default ${usualSample})`,
      wholeNumber({ min: 1, max: 100_000 }),
    )
    .option('--all', 'everything that the source lists, and every row')
    .action(
      perform(onEnd, (shell, { sample, all }: Options, connectionId: string, entityName: string) =>
        withSession(shell, async (session) => {
          if (sample !== undefined && all) throw new TidemarkError('Usage', 'Give either --sample or --all, not both');
          const { findTarget } = await import('../../operations/targets.js');
          const { assertVerifiable } = await import('../../operations/possible.js');
          const wanted = all ? null : (sample ?? usualSample);
          assertVerifiable(await findTarget(session.db, await session.connectors(), connectionId, entityName), wanted);
          const { client } = await session.temporal();
          const { startVerify } = await import('../../checks.js');
          const target = { connectionId, entity: entityName };
          const handle = await startVerify({ client }, target, wanted);
          const name = `verify of ${connectionId}/${entityName}`;
          const [end] = await follow(shell, client, [{ name, handle }]);
          if (end === undefined || 'error' in end) throw end?.error ?? new Error(`the ${name} was not followed`);
          const { result } = end;
          shell.result(withConfidence(result), () => verifyText(result));
          return result.differing > 0 ? exitStatus.failed : undefined;
        }),
      ),
    );
};

const found: Readonly<Record<RecordDifference['found'], string>> = {
  differs: 'differs in',
  missing: 'is not in the table',
  deleted: 'is deleted in the table, but live at the source',
  gone: 'is live in the table, but gone at the source',
};

function verifyText(result: VerifyResult): string {
  const { connectionId, entity, differences, differing, pending, unclear, askedAgain } = result;
  const lines = differences.map(
    (one) => `  ${one.id} ${found[one.found]}${one.found === 'differs' ? ` ${one.columns.join(', ')}` : ''}`,
  );
  const more = differing - differences.length;
  const [first] = differences;
  return [
    verdict(result),
    ...lines,
    ...(more > 0 ? [`  and ${more.toLocaleString('en')} more`] : []),
    ...(pending > 0
      ? [`${plural(pending, 'record')} changed at the source after the cursor: the next delta brings them.`]
      : []),
    ...(unclear > 0
      ? [`Of ${plural(unclear, 'record')} nothing can be said: set aside, or not answered clearly.`]
      : []),
    ...(askedAgain > 0 ? [`${plural(askedAgain, 'difference')} asked again after the read lag.`] : []),
    ...(first ? [`Next: tidemark explain ${connectionId} ${entity} ${first.id}`] : []),
  ].join('\n');
}

function verdict({ all, compared, differing, liveRows }: VerifyResult): string {
  if (compared === 0) return 'Nothing was compared: there are no live rows.';
  const told = `${differing.toLocaleString('en')} of ${compared.toLocaleString('en')} differ`;
  if (all) return `${told}: everything was compared.`;
  if (compared >= liveRows) return `${told}: that is every live row. What the table lacks only --all finds.`;
  if (differing >= compared) return `${told}. What the table lacks only --all finds.`;
  return `${told}: with 95 % confidence fewer than ${percent(upperBound(differing, compared))} of the ${liveRows.toLocaleString('en')} live rows do. What the table lacks only --all finds.`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.001 ? 3 : 1)} %`;
}
