import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { instantIn } from '../record/instantIn';
import type { SampledPage } from './sample';
import { timestampForm } from './timestampForm';

/**
 * Whether versions can be read, and how they are written. `filter`: what was found out about the filter of `changes`; one that was seen to
 * work has the right form, whatever form the records are written in.
 */
export function timestampFindings(
  entity: ConnectorEntity,
  page: SampledPage,
  filter: readonly ProbeFinding[],
): ProbeFinding[] {
  const about = 'timestamps';
  const { request } = page.answer;
  if (entity.deltaSyncField === undefined) return [unversioned(page)];
  const { name, kind } = entity.deltaSyncField;
  const live = page.records.filter(({ tombstone }) => !tombstone);
  const without = live.filter(({ version }) => version === null).length;
  const unreadable = live.find(({ version }) => version === undefined);
  const written = live
    .map(({ writtenVersion }) => writtenVersion)
    .filter((value) => value !== null && value !== undefined && value !== '');
  if (live.length === 0) return [];
  if (written.length === 0) {
    return [
      {
        about,
        verdict: 'contradicts',
        finding: `no record has a version at '${name}'`,
        request,
        line: `deltaSyncField: { name: …, kind: '${kind}' }`,
      },
    ];
  }
  const findings: ProbeFinding[] = [];
  if (unreadable)
    findings.push({
      about,
      verdict: 'contradicts',
      finding: `not every version is of kind '${kind}': ${unreadable.problem}`,
      request,
      line: `deltaSyncField: { name: '${name}', kind: … }`,
    });
  if (without > 0)
    findings.push({
      about,
      verdict: 'contradicts',
      finding: `${without} of ${live.length} records have no '${name}', so their changes are only found by content`,
      request,
      line: `deltaSyncField: { name: '${name}', kind: '${kind}', from: (r) => r.${name} ?? r.created_at }`,
    });
  if (kind !== 'instant') return findings;
  const { form, words } = timestampForm(written[0]);
  const ties = written.length - new Set(written.map(String)).size;
  const tied = ties > 0 ? `; ${ties} of ${written.length} share theirs with another record` : '';
  const defined = entity.listings.changes?.since?.form;
  const finding = `'${name}' is written as ${JSON.stringify(written[0])}: ${words}${tied}`;
  const differs = defined !== undefined && form !== undefined && defined !== form;
  const onFilter = filter.filter((found) => found.about === 'filter' || found.about === 'boundary');
  const works =
    onFilter.some(({ verdict }) => verdict === 'agrees') && !onFilter.some(({ verdict }) => verdict === 'contradicts');
  findings.push({
    about,
    verdict: !differs || works ? 'agrees' : 'contradicts',
    finding: !differs
      ? finding
      : works
        ? `${finding}; the filter takes '${defined}'`
        : `${finding}, but the cursor goes back as '${defined}'`,
    request,
    line:
      form === undefined || defined === undefined ? null : `since: { …, form: '${differs && works ? defined : form}' }`,
  });
  return findings;
}

/** What sources call the time of a record's last change. */
const changedName = /^(updated|modified|changed|last_?(updated|modified|changed))(_?(at|on|date|time|datetime))?$/i;

/** Whether records that are said to have no version hold what looks like one. */
function unversioned({ records, answer: { request } }: SampledPage): ProbeFinding {
  const about = 'timestamps';
  const [first] = records;
  const named = Object.entries((first?.raw ?? {}) as object).find(
    ([name, value]) => changedName.test(name) && instantIn(value) !== null,
  )?.[0];
  if (named === undefined) {
    const finding = 'the definition names no version: changes are only found by content';
    return { about, verdict: 'unknown', finding, request, line: null };
  }
  const finding = `the definition names no version, and records have '${named}'`;
  return {
    about,
    verdict: 'contradicts',
    finding,
    request,
    line: `deltaSyncField: { name: '${named}', kind: 'instant' }`,
  };
}
