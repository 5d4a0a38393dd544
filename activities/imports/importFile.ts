import { Context } from '@temporalio/activity';
import { importBatch } from '../../destination/imports/importBatch';
import {
  bytesOf,
  claimUpload,
  dropFile,
  keepSurvey,
  type Upload,
  uploadOf,
  uploadOfRun,
} from '../../destination/imports/uploads';
import { entityOfFile, type LinesContext } from '../../destination/imports/writeLines';
import { createListedKeys, listedKeysTable } from '../../destination/rows/keys/listedKeys';
import { getCursor } from '../../destination/runs/cursors';
import { advancePart, openPart, sumParts } from '../../destination/runs/runParts';
import { endRun } from '../../destination/runs/runs';
import { addCounts, type Counts, noCounts } from '../../schema/answer';
import { TidemarkError } from '../../schema/errors';
import type { ImportResult, Target } from '../../schema/workflows';
import { filledColumns, lineReader } from '../../source/record/readLine';
import { noteEndedAttempt } from '../attempt/endedAttempt';
import { startLiveness } from '../attempt/liveness';
import { assertComplete, ownRun } from '../attempt/ownRun';
import { thisAttempt } from '../attempt/thisAttempt';
import { runResult } from '../delta/endDelta';
import type { ActivityDeps } from '../deps';
import { runEnded } from '../metrics';
import type { OpenTarget, TargetOpener } from '../openTarget';
import { fileLines } from './fileLines';
import { layoutOf, type Survey, surveyFile } from './survey';

export interface OfRun extends Target {
  readonly runId: string;
}

/** Reads uploaded files of separated values into an entity's table. */
export function importActivities(deps: ActivityDeps, openTarget: TargetOpener) {
  const { db } = deps;

  return {
    /** Reads the file once, and decides how it is written and whether it is the right one. Writes no row. Returns how many lines it has. */
    async surveyImport({ importId, ...input }: OfRun & { readonly importId: string }): Promise<{ lines: number }> {
      const open = await openTarget(input, 'backfill', { forFile: true });
      await ownRun(db, input, ['import']);
      const upload = await uploadOf(db, importId);
      if (upload.connectionId !== input.connectionId || upload.entity !== input.entity)
        throw new TidemarkError(
          'Usage',
          `Import ${importId} is of ${upload.connectionId}/${upload.entity}. Start imports with \`tidemark\`, not by hand in Temporal`,
        );
      await claimUpload(db, importId, input.runId);
      const liveness = startLiveness();
      try {
        const { cancellationSignal } = Context.current();
        const survey = await surveyFile(db, open, upload, (lines) => {
          cancellationSignal.throwIfAborted();
          liveness.progress({ records: lines });
        });
        await keepSurvey(db, importId, survey);
        return { lines: survey.lines };
      } finally {
        liveness.stop();
      }
    },

    /** Writes the lines, batch by batch; killed anywhere, it goes on behind the last line that was committed. */
    async importFile(input: OfRun): Promise<{ counts: Counts; records: number }> {
      const open = await openTarget(input, 'backfill', { forFile: true });
      const run = await ownRun(db, input, ['import']);
      const upload = await uploadOfRun(db, input.runId);
      const { key, ...part } = await openPart(db, { runId: input.runId, step: 'import', partition: '' }, thisAttempt());
      const done = { counts: { ...noCounts, ...part.counts }, records: part.records };
      if (part.done) return done;
      const survey = upload.survey as Survey;
      const layout = layoutOf(open, upload, survey);
      const context = linesContext(open, upload, input.runId, filledColumns(layout));
      const keys = listedKeysTable(input.runId, 'import');
      await createListedKeys(db, keys);
      const { cancellationSignal } = Context.current();
      const liveness = startLiveness();
      const before = { records: done.records, at: Date.now() };
      try {
        let after = typeof part.resumePoint?.line === 'number' ? part.resumePoint.line : 0;
        for await (const lines of fileLines(bytesOf(db, upload), survey.form, lineReader(layout))) {
          cancellationSignal.throwIfAborted();
          if (lines.upTo <= after) {
            liveness.progress({ records: done.records, counts: done.counts });
            continue;
          }
          const isNew = ({ line }: { readonly line: number }) => line > after;
          const [rows, bad] = [lines.rows.filter(isNew), lines.bad.filter(isNew)];
          const counts = await importBatch(db, context, {
            ...{ rows, bad, keys, dryRun: run.dryRun },
            alongside: (trx, counts) =>
              advancePart(trx, key, {
                ...{ resumePoint: { line: lines.upTo }, pages: 0, requests: 0, counts },
                records: rows.length + bad.length,
                done: lines.upTo >= survey.lines,
              }),
          });
          after = lines.upTo;
          if (!run.dryRun) deps.metrics.rows(input, counts);
          done.counts = addCounts(done.counts, counts);
          done.records += rows.length + bad.length;
          liveness.progress({
            records: done.records,
            counts: done.counts,
            of: survey.readable + survey.bad,
            rate: rateSince(before, done.records),
          });
        }
        return done;
      } catch (error) {
        await noteEndedAttempt(deps, key, error);
        throw error;
      } finally {
        liveness.stop();
      }
    },

    /** Ends an import whose every line was read, and deletes the file. */
    async finishImport({ runId, ...target }: OfRun): Promise<ImportResult> {
      const claimed = await ownRun(db, { ...target, runId }, ['import']);
      if (claimed.status === 'running') assertComplete(claimed, await sumParts(db, runId, 'import'), ['']);
      const upload = await uploadOfRun(db, runId);
      const { lines, headings, blank, continued, form } = upload.survey as Survey;
      const details = {
        importId: upload.id,
        file: upload.name,
        asOf: upload.asOf?.toISOString() ?? null,
        lines,
        headings,
        blank,
        continued,
      };
      const { encoding, delimiter, headerLine } = form;
      const run = await endRun(db, runId, {
        status: 'succeeded',
        details: { ...details, encoding, delimiter, headerLine },
      });
      await dropFile(db, upload.id);
      runEnded(deps, run);
      const result = runResult(run, 'succeeded', await getCursor(db, target));
      return { ...result, dryRun: run.dryRun, importId: upload.id, lines, headings, blank, continued };
    },
  };
}

/** Records a second since then. */
function rateSince(before: { readonly records: number; readonly at: number }, records: number): number {
  return ((records - before.records) * 1_000) / Math.max(1, Date.now() - before.at);
}

function linesContext(
  { target, entity }: OpenTarget,
  { id, asOf, uploadedAt }: Upload,
  runId: string,
  columns: ReturnType<typeof filledColumns>,
): LinesContext {
  const received = uploadedAt?.getTime() ?? Date.now();
  return {
    connectionId: target.connectionId,
    entity: entityOfFile(entity, columns, entity.import?.conflict ?? 'update'),
    importId: id,
    runId,
    sent: Math.min(asOf?.getTime() ?? received, received),
    received,
  };
}
