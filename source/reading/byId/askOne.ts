import type { ConnectorEntity } from '../../../schema/definition/connector';
import { TidemarkError } from '../../../schema/errors';
import type { AskOptions, RecordAnswer } from '../../contract';
import { readRecord } from '../../record/readRecord';
import type { Source } from '../../wire/source';
import { getById, whyUnfit } from './getById';

/** See SourceClient.ask. */
export async function askOne(
  source: Source,
  entity: ConnectorEntity,
  id: string,
  { signal, parent = null }: AskOptions,
): Promise<RecordAnswer> {
  const { connection } = source;
  const { clock } = source.sender;
  const sent = clock.sent();
  try {
    const one = await getById(source, entity, id, { signal, parent });
    const times = { sent: one.sent, received: one.received };
    if (one.kind === 'gone') return { ...times, kind: 'gone', gone: { id, version: null }, detail: one.evidence };
    if (one.kind === 'other-id') {
      const { otherId, evidence } = one;
      const goneIfUnlisted = entity.listings.one?.otherId === 'gone-if-unlisted';
      return { ...times, kind: 'other-id', otherId, goneIfUnlisted, detail: evidence };
    }
    const read = readRecord(entity, one.record, { connection, partition: parent }, one.sentAs);
    if (read.kind === 'live') return { ...times, kind: 'live', live: read };
    if (read.kind === 'foreign') {
      const detail = 'the source answered with a record of another kind';
      return { ...times, kind: 'gone', gone: { id, version: null }, detail };
    }
    if (read.kind === 'gone') return { ...times, kind: 'gone', gone: read, detail: 'the source answered a tombstone' };
    return { ...times, kind: 'set-aside', setAside: { ...read, id }, detail: `${read.reason}: ${read.detail}` };
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.type !== 'ContractBroken') throw error;
    const { one } = entity.listings;
    const unsent = one !== undefined && whyUnfit(one, id) !== undefined;
    return { sent, received: clock.received(), kind: 'unclear', detail: error.message, ...(unsent && { unsent }) };
  }
}
