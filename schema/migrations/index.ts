import { engineTables } from './0001_engine_tables';
import { forgottenAndLock } from './0002_forgotten_and_lock';
import { watermark } from './0003_watermark';
import { proofsAndOwed } from './0004_proofs_and_owed';
import { visibleWaits } from './0005_visible_waits';
import { lostWorkers } from './0006_lost_workers';
import { unjudgedReasons } from './0007_unjudged_reasons';
import { coverageAndCursors } from './0008_coverage_and_cursors';
import { tokens } from './0009_tokens';
import { renamedRows } from './0010_renamed_rows';
import { syncState } from './0011_sync_state';
import { relatedRecords } from './0012_related_records';
import { authorizationLinks } from './0013_authorization_links';
import { endedWaits } from './0014_ended_waits';
import { operatorRequests } from './0015_operator_requests';
import { unreadPartitions } from './0016_unread_partitions';
import { withheldRelated } from './0017_withheld_related';
import { leftOut } from './0018_left_out';
import { reportJobs } from './0019_report_jobs';
import { rollups } from './0020_rollups';
import { excluded } from './0021_excluded';
import { imports } from './0022_imports';
import { references } from './0023_references';
import { windows } from './0024_windows';

export interface Migration {
  readonly version: number;
  readonly name: string;
  /** runs in one transaction */
  readonly sql: string;
  /** true when binaries older than this migration can't work with what it leaves */
  readonly breaking: boolean;
}

/** Every migration of the engine's own tables, in order. A released one is never edited. */
export const migrations: readonly Migration[] = [
  { version: 1, name: 'engine tables', sql: engineTables, breaking: true },
  { version: 2, name: 'forgotten records, the write lock as a function', sql: forgottenAndLock, breaking: false },
  { version: 3, name: 'the line is a watermark', sql: watermark, breaking: true },
  {
    version: 4,
    name: 'qualified proofs, owed columns, one event id for several records',
    sql: proofsAndOwed,
    breaking: true,
  },
  { version: 5, name: 'waits that operators see, fences from the database', sql: visibleWaits, breaking: false },
  { version: 6, name: 'attempts that lost their worker', sql: lostWorkers, breaking: false },
  { version: 7, name: 'what a proof could not judge, by reason', sql: unjudgedReasons, breaking: false },
  { version: 8, name: 'what a scan covers, cursors per partition', sql: coverageAndCursors, breaking: true },
  { version: 9, name: 'OAuth tokens, connections that need credentials', sql: tokens, breaking: false },
  { version: 10, name: 'rows that were renamed', sql: renamedRows, breaking: false },
  { version: 11, name: 'the state of every entity in plain SQL', sql: syncState, breaking: false },
  { version: 12, name: 'related records', sql: relatedRecords, breaking: false },
  { version: 13, name: 'pages to authorize a connection', sql: authorizationLinks, breaking: false },
  { version: 14, name: 'waits whose end nothing misses', sql: endedWaits, breaking: false },
  { version: 15, name: 'records shown to operators, harmless changes', sql: operatorRequests, breaking: false },
  { version: 16, name: 'partitions that could not be read', sql: unreadPartitions, breaking: false },
  { version: 17, name: 'related records that are fewer than before', sql: withheldRelated, breaking: false },
  { version: 18, name: 'rows whose record the mapping leaves out', sql: leftOut, breaking: false },
  { version: 19, name: 'report jobs', sql: reportJobs, breaking: false },
  { version: 20, name: 'roll-ups', sql: rollups, breaking: false },
  { version: 21, name: 'rows that another row excludes', sql: excluded, breaking: false },
  { version: 22, name: 'imports of files', sql: imports, breaking: false },
  { version: 23, name: 'references', sql: references, breaking: false },
  { version: 24, name: 'days of which all lines are replaced together', sql: windows, breaking: false },
];
