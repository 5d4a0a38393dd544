import { setImmediate } from 'node:timers/promises';
import type { Answers, Asked, GoneAnswer, LiveAnswer, SetAsideAnswer } from '../../schema/answer';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { ParentPartition } from '../../schema/definition/partitions';
import type { ListedRecord } from '../contract';
import type { ListAnswer } from '../paging';
import { readRecord, readVersionOnly } from '../record/readRecord';
import { turns } from '../wire/body/turns';
import type { Source } from '../wire/source';

/** Records that are handed on together. */
const recordsInPart = 1_000;
/** … or fewer, where their texts are this long together: whoever makes something of a part does so in one go. */
const charactersInPart = 4_000_000;

/** What the records of a page say: live, gone (tombstones), or set aside. At least one part, which may be empty. */
export async function* answersOf(
  { connection }: Pick<Source, 'connection'>,
  entity: ConnectorEntity,
  { records, sent, received, sentAs }: Asked & Pick<ListAnswer, 'records' | 'sentAs'>,
  partition: ParentPartition | null = null,
): AsyncGenerator<Answers, void, undefined> {
  const yielding = turns();
  let from = 0;
  do {
    if (from > 0) await setImmediate();
    let characters = 0;
    const end = Math.min(from + recordsInPart, records.length);
    const live: LiveAnswer[] = [];
    const gone: GoneAnswer[] = [];
    const setAside: SetAsideAnswer[] = [];
    for (; from < end && characters < charactersInPart; from += 1) {
      await yielding();
      const raw = records[from];
      const source = sentAs(raw);
      characters += source?.text.text.length ?? 0;
      const answer = readRecord(entity, raw, { connection, partition }, source);
      if (answer.kind === 'live') live.push(answer);
      else if (answer.kind === 'gone') gone.push(answer);
      else if (answer.kind === 'set-aside') setAside.push(answer);
    }
    yield { sent, received, live, gone, setAside };
  } while (from < records.length);
}

/** See SourcePage.listed. */
export async function listedIn(entity: ConnectorEntity, records: readonly unknown[]): Promise<ListedRecord[]> {
  const listed: ListedRecord[] = [];
  for (const [index, raw] of records.entries()) {
    if (index > 0 && index % recordsInPart === 0) await setImmediate();
    const read = readVersionOnly(entity, raw);
    if (read.kind === 'version') listed.push(read);
    else if (read.kind === 'set-aside' && read.id !== null) listed.push({ id: read.id, version: null });
  }
  return listed;
}
