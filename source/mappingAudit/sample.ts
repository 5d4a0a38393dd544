import type { ConnectorEntity } from '../../schema/definition/connector';
import type { MapContext } from '../../schema/definition/mapContext';
import { fieldsOf, keyOf, versionOf } from '../record/fields';
import { readRecord } from '../record/readRecord';
import { ColumnValues } from './columns';
import { Fields } from './fields';
import { type Reads, Tracker } from './track';

const idsKept = 3;

interface Refused {
  records: number;
  readonly ids: string[];
}

/** What some records of a source hold, and what the definition makes of them. */
export class Sample {
  readonly fields = new Fields();
  readonly columns = new ColumnValues();
  readonly reads: Reads = { paths: new Set(), absent: new Set() };
  /** records that cannot be written, by the reason */
  readonly refused = new Map<string, Refused>();

  constructor(
    private readonly entity: ConnectorEntity,
    private readonly context: MapContext,
  ) {}

  /** `own`: what differs from record to record in the context of its mapping. */
  add(record: unknown, own: Pick<MapContext, 'partition' | 'related'>): void {
    const { entity } = this;
    const context = { ...this.context, ...own };
    const id = this.noteUse(record, context);
    const read = readRecord(entity, record, context);
    if (read.kind === 'foreign' || read.kind === 'gone') return;
    this.fields.add(record, id ?? '');
    if (read.kind === 'live') this.columns.add(read.row, read.id);
    else if (read.reason !== 'skipped') this.refuse(read.detail, id);
  }

  /** Runs what the definition reads records with; returns the record's id where it has one. */
  private noteUse(record: unknown, context: MapContext): string | undefined {
    const { entity, reads } = this;
    const fields = fieldsOf(entity);
    // that a live record lacks the mark of a deleted one is as it should be
    const tracker = new Tracker({ paths: reads.paths, absent: new Set() });
    const tracked = tracker.track(record);
    const id = attempt(() => keyOf(fields, tracked));
    attempt(() => fields.keys?.(tracked));
    attempt(() => fields.belongs?.(tracked));
    attempt(() => fields.isTombstone?.(tracked));
    attempt(() => versionOf(entity, fields, tracked));
    const checked = entity.record ? attempt(() => entity.record?.parse(record)) : record;
    const ofChecked = new Tracker(reads);
    ofChecked.noteWhole(attempt(() => (entity.map as Mapping)(ofChecked.track(checked), context)));
    return id;
  }

  private refuse(detail: string, id: string | undefined): void {
    const refused = this.refused.get(detail) ?? { records: 0, ids: [] };
    this.refused.set(detail, refused);
    refused.records += 1;
    if (id !== undefined && refused.ids.length < idsKept) refused.ids.push(id);
  }
}

type Mapping = (record: unknown, context: MapContext) => unknown;

/** What an author's function returns; undefined where it throws: the record is then set aside for that. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
