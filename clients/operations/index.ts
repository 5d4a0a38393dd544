import { audit } from './audit';
import { probe, verify } from './checks';
import { connect, connectionsChange } from './connect';
import {
  connections,
  connectionsCheck,
  connectionsDisable,
  connectionsEnable,
  connectionsLink,
  connectionsRemove,
  connectionsReseal,
  connectionsRotateSecret,
  connectionsShow,
} from './connections';
import { cursorReset, cursorShow } from './cursor';
import type { AnyOperation } from './definition/operation';
import { doctor } from './doctor';
import { explain } from './explain';
import { forget } from './forget';
import { importFile, importsErrors } from './imports';
import { rowsOrphans } from './orphans';
import { outcome } from './outcome';
import { approve, plans, plansShow, reject } from './plans';
import { record, recordRaw, recordRow } from './records';
import { rollups, rollupsRebuild, rollupsShow } from './rollups';
import { rowsDuplicates, rowsHours, rowsWalks } from './rows';
import { runs, runsShow, undo } from './runs';
import { schedulesList, schedulesPause, schedulesRepair, schedulesResume } from './schedules';
import { setAsideDiscard, setAsideList, setAsideRetry, setAsideShow } from './setAside';
import { status } from './status';
import { backfill, reconcile, remap, sync } from './sync';
import { touch } from './touch';
import { cancel, resume } from './waits';
import { webhooksList, webhooksReplay } from './webhooks';

/** Everything that an operator can do or ask, in the order in which `--help` and the documents list it. */
export const operations: readonly AnyOperation[] = [
  ...[connect, connectionsChange, connections, connectionsShow, connectionsCheck],
  ...[connectionsEnable, connectionsDisable],
  ...[connectionsLink, connectionsRotateSecret, connectionsReseal, connectionsRemove],
  ...[
    status,
    sync,
    reconcile,
    record,
    recordRaw,
    recordRow,
    touch,
    probe,
    audit,
    verify,
    backfill,
    remap,
    importFile,
    importsErrors,
    outcome,
    doctor,
  ],
  ...[runs, runsShow, resume, cancel, plans, plansShow, approve, reject, undo],
  ...[cursorShow, cursorReset],
  ...[rowsHours, rowsWalks, rowsDuplicates, rowsOrphans],
  ...[rollups, rollupsShow, rollupsRebuild],
  ...[setAsideList, setAsideShow, setAsideRetry, setAsideDiscard, webhooksList, webhooksReplay, explain, forget],
  ...[schedulesList, schedulesPause, schedulesResume, schedulesRepair],
];
