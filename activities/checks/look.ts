import { Context } from '@temporalio/activity';
import { codeOf } from '../../destination/database/errorCode';
import { wordsOf } from '../../destination/database/postgresWords';
import { keepShown } from '../../destination/requests/shownRecords';
import { parentsOfRows } from '../../destination/rows/parents';
import { type ComparedRow, compareRows } from '../../destination/rows/queries/compareRows';
import { tableExists } from '../../destination/rows/tables';
import { rawText } from '../../destination/setAside/setAside';
import type { Asked, LiveAnswer, SetAsideAnswer } from '../../schema/answer';
import type { LookAtInput, LookAtResult } from '../../schema/definition/checks';
import { instantOfVersion } from '../../schema/version';
import { alive } from '../attempt/liveness';
import type { ActivityDeps } from '../deps';
import type { OpenTarget, TargetOpener } from '../openTarget';
import { relate } from '../records/related';

/** Looks at one record without writing anything, for `explain`. */
export function lookActivities(deps: ActivityDeps, openTarget: TargetOpener) {
  return {
    /** Asks `one`, and compares what it shows with the row. Only ids, columns and versions leave it: histories hold no content. */
    async lookAt({ connectionId, entity, id, showAs }: LookAtInput): Promise<LookAtResult> {
      const target = { connectionId, entity };
      const open = await openTarget(target, 'webhook');
      const about = { ...target, id, version: null, row: null, columns: [] };
      if (!open.entity.listings.one) {
        const askedAt = new Date(deps.clock.sent()).toISOString();
        return { ...about, askedAt, says: 'no-one', detail: `entity ${entity} has no listing \`one\`` };
      }
      const parents = await parentsOfRows(deps.db, connectionId, open.entity, [id]);
      const said = await alive(() =>
        open.source.ask(open.entity, id, {
          signal: Context.current().cancellationSignal,
          parent: parents.get(id),
        }),
      );
      const askedAt = new Date(said.sent).toISOString();
      if (showAs !== undefined && (said.kind === 'live' || said.kind === 'set-aside')) {
        const { raw } = said.kind === 'live' ? said.live : said.setAside;
        await keepShown(deps.db, target, { id: showAs, recordId: id, record: rawText(raw) });
      }
      if (said.kind !== 'live') {
        const says = said.kind === 'other-id' ? 'unclear' : said.kind;
        return { ...about, askedAt, says, detail: said.detail };
      }
      const live = await made(deps, open, said);
      if (typeof live === 'string') return { ...about, askedAt, says: 'unclear', detail: live };
      if ('reason' in live) return { ...about, askedAt, says: 'set-aside', detail: `${live.reason}: ${live.detail}` };
      const compared = await compareOne(deps, open, live);
      if (typeof compared === 'string') return { ...about, askedAt, says: 'set-aside', detail: compared };
      const { row, columns } = compared;
      const version = shownVersion(open, live);
      return { ...about, askedAt, says: 'live', detail: 'the source shows it', version, row, columns };
    },
  };
}

/** The record with its related records, or why there is no row of it: text where those could not be read. */
async function made(
  deps: ActivityDeps,
  open: OpenTarget,
  { live, sent, received }: Asked & { readonly live: LiveAnswer },
): Promise<LiveAnswer | SetAsideAnswer | string> {
  const asked = { sent, received, live: [live], gone: [], setAside: [] };
  const { answers, unread } = await alive(() => relate(deps, open, [asked], Context.current().cancellationSignal));
  const problem = unread.get(live.id);
  if (problem !== undefined) return `its related records could not be read: ${problem}`;
  const [aside] = answers.flatMap(({ setAside }) => setAside);
  const [shown] = answers.flatMap((request) => request.live);
  return shown ?? aside ?? 'its row could not be made';
}

/** The row beside the answer, or why PostgreSQL would refuse the answer. */
async function compareOne(
  { db }: ActivityDeps,
  { entity, target }: OpenTarget,
  live: LiveAnswer,
): Promise<Pick<ComparedRow, 'row' | 'columns'> | string> {
  if (!(await tableExists(db, entity))) return { row: 'missing', columns: [] };
  try {
    const [compared] = await compareRows(db, target, entity, [live]);
    return compared ?? { row: 'missing', columns: [] };
  } catch (error) {
    // SQLSTATE class 22: what is wrong is the data
    if (!codeOf(error)?.startsWith('22')) throw error;
    return `PostgreSQL refuses the row: ${wordsOf(error).slice(0, 300)}`;
  }
}

function shownVersion({ entity }: OpenTarget, { version }: LiveAnswer): string | null {
  if (version === null || entity.deltaSyncField?.kind !== 'instant') return version;
  return new Date(instantOfVersion(version)).toISOString();
}
