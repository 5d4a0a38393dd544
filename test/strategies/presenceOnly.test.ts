import { proofAttention, proofText } from '../../clients/cli/text/parts/proofText';
import { readStatus } from '../../clients/operations/work/status';
import { someThings, startThings, type Thing, thingsPage } from '../invariants/thingsSource';
import { startEngine } from '../support/engine';

/** Sources whose list of ids has no versions: it shows what is there, and nothing of what is in it. */
const listings = {
  all: thingsPage,
  ids: { ...thingsPage, query: { fields: 'id' }, presenceOnly: true },
  one: { path: '/things/{id}' },
};

test.each<[string, object]>([
  ['with a version', {}],
  ['without a version', { deltaSyncField: undefined }],
])(
  'records %s: what is missing is fetched, what is gone is deleted, and the proof does not speak of contents',
  async (_which, changes) => {
    const things = await startThings(someThings(30), { listings, ...changes });
    things.instead = (url) => {
      if (url.searchParams.get('fields') !== 'id') return undefined;
      const ids = [...things.records.keys()].map((id) => ({ id }));
      return { body: { data: ids.slice(Number(url.searchParams.get('offset') ?? 0)), total: ids.length } };
    };
    const engine = await startEngine({
      connector: things.connector,
      settings: { baseUrl: things.source.baseUrl },
      secrets: { token: 'hunter2-hunter2' },
    });
    await engine.delta('things');
    await engine.db.raw(
      `update acme_things set _sent_at = _sent_at - interval '1 minute', _received_at = _received_at - interval '1 minute', _watermark_at = _watermark_at - interval '1 minute'`,
    );
    const [gone = '', lost = '', edited = ''] = [...things.records.keys()];
    things.records.delete(gone);
    await engine.db.raw('delete from acme_things where external_id = ?', [lost]);
    // a change that no delta has read
    things.records.set(edited, { ...(things.records.get(edited) as Thing), name: 'edited' });
    const before = things.source.requests.length;

    const result = await engine.reconcile('things');
    expect(result).toMatchObject({ scanned: 29, missing: 1, stale: 0, gone: 1, deleted: 1, counts: { inserted: 1 } });
    // besides the ids: the record that is missing, and the one that may be gone
    const asked = things.source.requests.slice(before).filter((url) => !url.includes('fields=id'));
    expect([...new Set(asked)].sort()).toEqual([`/things/${gone}`, `/things/${lost}`]);
    const rows = await engine.rows('acme_things');
    expect(rows.get(edited)).not.toMatchObject({ name: 'edited' });
    expect(rows.get(lost)).toMatchObject({ deleted_at: null });
    expect(rows.get(gone)?.deleted_at).not.toBeNull();

    const status = (await readStatus(engine.db, [engine.connector])).connections[0]?.entities[0];
    expect(status?.proved?.unjudged).toEqual({ contents: 28 });
    expect(proofText(status as never)).toMatch(/but for the contents of 28 rows, which were not compared$/);
    expect(proofAttention(status as never)).toEqual([expect.stringContaining('tidemark verify')]);
    // an answer that is still under way may be newer than what the rows hold: no watermark keeps it out
    const { rows: entities } = await engine.db.raw('select watermark_at from tidemark.entities');
    expect(entities).toEqual([{ watermark_at: Number.NEGATIVE_INFINITY }]);
  },
);

test('a definition says so at start: where records have no version, and where nothing fetches what is missing', async () => {
  const { one, ids, all } = listings;
  await expect(
    startThings([], { deltaSyncField: undefined as never, listings: { all, ids: thingsPage, one } }),
  ).rejects.toThrow(
    'things.listings.ids: it compares versions, but without deltaSyncField records have none; leave it out, so that reconciliation reads all, or declare presenceOnly: true',
  );
  await expect(startThings([], { listings: { all, ids } })).rejects.toThrow(
    'things.listings.ids.presenceOnly: what it finds missing is fetched by listings.one, which is not declared',
  );
});
