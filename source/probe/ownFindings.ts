import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { TidemarkError } from '../../schema/errors';
import type { ListOptions, SourcePage } from '../contract';
import { askOne } from '../reading/byId/askOne';
import { streamAll } from '../reading/streamAll';
import type { Source } from '../wire/source';

/** Pages that a probe reads: whether the list goes on where the first one says so. */
const pagesRead = 2;

/** What a list shows that a function of the definition reads: the engine does not know its requests, so it lets the function read. */
export async function ownFindings(
  source: Source,
  entity: ConnectorEntity,
  options: Pick<ListOptions, 'partition' | 'parent' | 'signal'>,
): Promise<{ readonly findings: ProbeFinding[]; readonly requests: number; readonly listed: string | undefined }> {
  const pages: SourcePage[] = [];
  try {
    for await (const page of streamAll(source, entity, 'all', options)) {
      pages.push(page);
      if (pages.length === pagesRead) break;
    }
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.recovery !== 'contract') throw error;
    return {
      findings: [finding('list', 'contradicts', error.message, 'paging: { scheme: …, read: … }')],
      requests: 1,
      listed: undefined,
    };
  }
  const listed = (await Promise.all(pages.map((page) => page.listed()))).flat();
  const records = pages.reduce((sum, page) => sum + page.records.length, 0);
  const findings = [
    finding('list', 'agrees', `the function of the listing 'all' read ${records} records in ${pages.length} pages`),
  ];
  const without = records - listed.length;
  const twice = listed.length - new Set(listed.map(({ id }) => id)).size;
  if (records === 0) findings.push(finding('ids', 'unknown', 'there are no records'));
  else if (listed.length === 0)
    findings.push(finding('ids', 'contradicts', 'no record has an id that can be read', 'key: …'));
  else if (twice > 0)
    findings.push(finding('ids', 'contradicts', `${twice} of ${listed.length} ids came twice`, 'key: …'));
  else
    findings.push(finding('ids', 'agrees', `every id is another one; ${without} records have none, or are tombstones`));
  const end = pages.at(-1)?.end ?? null;
  if (end === null) findings.push(finding('end', 'unknown', `the list goes on after ${pages.length} pages`));
  else if (end.certain) findings.push(finding('end', 'agrees', 'the function says that the list has ended'));
  else
    findings.push(
      finding(
        'end',
        'contradicts',
        'the function returns without end(), so no row is deleted that it does not show',
        'return end()',
      ),
    );
  return { findings, requests: pages.reduce((sum, page) => sum + page.requests, 0), listed: listed[0]?.id };
}

/** Whether a function that reads one record finds one that was listed, and says of a deleted one that it is gone. */
export async function ownOneFindings(
  source: Source,
  entity: ConnectorEntity,
  {
    listed,
    deleted,
    signal,
  }: { readonly listed: string | undefined; readonly deleted: readonly string[]; readonly signal: AbortSignal },
): Promise<ProbeFinding[]> {
  const findings: ProbeFinding[] = [];
  if (listed !== undefined) {
    const said = await askOne(source, entity, listed, { signal });
    const shown = said.kind === 'live' || said.kind === 'set-aside';
    const what = shown
      ? 'the function of `one` shows a record that was listed'
      : `the function of \`one\` does not show a record that was listed: ${said.detail}`;
    findings.push(finding('one', shown ? 'agrees' : 'contradicts', what, shown ? null : 'one: { …, read: … }'));
  }
  const [id] = deleted;
  if (id === undefined) findings.push(finding('gone', 'unknown', 'no deleted record is known'));
  else {
    const said = await askOne(source, entity, id, { signal });
    const verdict = said.kind === 'gone' ? 'agrees' : said.kind === 'live' ? 'unknown' : 'contradicts';
    findings.push(
      finding(
        'gone',
        verdict,
        `of a deleted record the function of \`one\` says: ${'detail' in said ? said.detail : said.kind}`,
      ),
    );
  }
  return findings;
}

/** What a probe did not look at, since a function of the definition reads it. */
export function unexamined(what: string): ProbeFinding {
  return finding(
    'own-function',
    'unknown',
    `${what} were not examined: a function reads the list, whose requests the engine does not know`,
  );
}

function finding(
  about: string,
  verdict: ProbeFinding['verdict'],
  text: string,
  line: string | null = null,
): ProbeFinding {
  return { about, verdict, finding: text, request: null, line };
}
