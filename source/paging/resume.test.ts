import type { ListingInput, ResumePoint } from '../../schema/definition/listings/listing';
import { idsOf, json, startSource, type TestSource, testClient } from '../../test/support/sources/httpSource';

let source: TestSource | undefined;
afterEach(() => source?.close());

const count = 40;
const ids = Array.from({ length: count }, (_, at) => at + 1);
const schemes: Record<string, ListingInput['paging']> = {
  link: { scheme: 'link', next: 'link', sizeParam: 'n', pageSize: 5 },
  token: { scheme: 'token', param: 'after', next: 'token', sizeParam: 'n', pageSize: 5 },
  keyset: { scheme: 'keyset', param: 'after', from: 'id', sizeParam: 'n', pageSize: 5 },
  offset: { scheme: 'offset', sizeParam: 'n', pageSize: 5 },
  page: { scheme: 'page', sizeParam: 'n', pageSize: 5 },
  stable: { scheme: 'page', sizeParam: 'n', pageSize: 5, stable: true },
};

/** A list of 40 that any scheme can read; it says wait, for longer than a worker waits, before each request that `busy` names. */
async function listOf40(total: boolean, busy: (request: number) => boolean = () => false): Promise<TestSource> {
  let request = 0;
  return startSource((_, response, url) => {
    request += 1;
    if (busy(request)) return json(response, {}, 429, { 'Retry-After': '60' });
    const size = Number(url.searchParams.get('n'));
    const page = url.searchParams.get('page');
    const offset = url.searchParams.get('offset');
    const from = page ? (Number(page) - 1) * size : Number(offset ?? url.searchParams.get('after') ?? 0);
    const data = ids.slice(from, from + size).map((id) => ({ id }));
    const more = from + size < count;
    json(response, {
      data,
      ...(total && { total: count }),
      token: more ? String(from + size) : null,
      link: more ? `/people?n=${size}&after=${from + size}` : null,
    });
  });
}

/** Reads at most `pages` pages an attempt, the resume point of the last one through JSON as the database keeps it. */
async function readInAttempts(paging: ListingInput['paging'], total: boolean, pages: (attempt: number) => number) {
  const all = { path: '/people', records: 'data', paging, ...(total && { total: 'total' }) };
  const { client, entity } = testClient(source?.baseUrl ?? '', { listings: { all } });
  const { signal } = new AbortController();
  const read: unknown[] = [];
  let resumePoint: ResumePoint | null = null;
  for (let attempt = 0; attempt < 60; attempt += 1) {
    let left = pages(attempt);
    try {
      for await (const page of client.streamAll(entity, 'all', { partition: '', resumePoint, signal })) {
        read.push(...page.records);
        resumePoint = JSON.parse(JSON.stringify(page.resumePoint));
        left -= 1;
        if (left === 0 || resumePoint === null) break;
      }
    } catch (error) {
      if ((error as { type?: string }).type !== 'SourceAsksToWait') throw error;
    }
    if (resumePoint === null && read.length > 0) return idsOf(read as { id: number }[]);
  }
  throw new Error(`not at the end after 60 attempts: ${idsOf(read as { id: number }[])}`);
}

describe.each(Object.entries(schemes))('%s: each attempt goes on from the newest resume point', (_, paging) => {
  test.each([true, false])('with a total: %s', async (total) => {
    source = await listOf40(total);
    expect(await readInAttempts(paging, total, () => 1)).toEqual(ids);
    expect(await readInAttempts(paging, total, (attempt) => 1 + (attempt % 3))).toEqual(ids);
    expect(await readInAttempts(paging, total, (attempt) => (attempt === 0 ? 3 : 1))).toEqual(ids);
  });

  test('interrupted by long waits of the source, again and again', async () => {
    source = await listOf40(true, (request) => request % 3 === 0);
    expect(await readInAttempts(paging, true, () => 100)).toEqual(ids);
  });
});
