// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text of other files is quoted

import type { Mutant } from '../mutant';

/** Lists that a source makes as jobs. */
export const reports: readonly Mutant[] = [
  {
    invariant: 3,
    name: 'a list of everything may be a range of it that nobody declares',
    file: 'schema/definition/listings/reportMistakes.ts',
    find: "if (name !== 'changes' && window !== undefined) found.push(",
    replace: "if (name === 'none' && window !== undefined) found.push(",
    test: { file: 'test/reports/mistakes.test.ts', name: '$mistake' },
  },
  {
    invariant: 3,
    name: 'a job of another range is taken for the one that is wanted',
    file: 'source/jobs/asked.ts',
    find: 'body ?? null, asked.report.window ?? null]',
    replace: 'body ?? null]',
    test: {
      file: 'test/reports/documents.test.ts',
      name: 'a job of another range is not its own, although the times are not compared',
    },
  },
  {
    invariant: 5,
    name: 'a start whose response was lost counts as refused, so a second job is started',
    file: 'source/jobs/start.ts',
    find: 'if (!maybeDone) await jobs.end(',
    replace: 'await jobs.end(',
    test: {
      file: 'test/reports/jobs.test.ts',
      name: 'the answer to the start is lost since %s: no second job before the life of the first is over',
    },
  },
  {
    invariant: 5,
    name: 'a gateway that asks to wait proves that no job was started',
    file: 'source/wire/send.ts',
    find: 'problem, notDone: reply.status < 500 };',
    replace: 'problem, notDone: true };',
    test: {
      file: 'test/reports/jobs.test.ts',
      name: 'the answer to the start is lost since %s: no second job before the life of the first is over',
    },
  },
  {
    invariant: 5,
    name: 'a server error proves that no job was started',
    file: 'source/wire/send.ts',
    find: "return (verdict.kind === 'wait' || verdict.kind === 'failure') && verdict.notDone === true;",
    replace: "return verdict.kind === 'wait' || verdict.kind === 'failure';",
    test: {
      file: 'test/reports/jobs.test.ts',
      name: 'the answer to the start is lost since %s: no second job before the life of the first is over',
    },
  },
  {
    invariant: 5,
    name: 'delta and reconciliation read reports of an entity at the same time',
    file: 'destination/reports/reportJobs.ts',
    find: 'if (other) {',
    replace: 'if (other && wanted.runId === other.runId) {',
    test: {
      file: 'test/reports/jobs.test.ts',
      name: 'delta and reconciliation of one report go one after the other, and neither takes the other one’s job',
    },
  },
  {
    invariant: 4,
    name: 'the answers of a report are as young as its download',
    file: 'source/jobs/pages.ts',
    find: 'const times = { sent: job.sent,',
    replace: 'const times = { sent: source.sender.clock.sent(),',
    test: {
      file: 'test/reports/jobs.test.ts',
      name: 'the answers are as old as the start, and as late as the last byte',
    },
  },
  {
    invariant: 5,
    name: 'committed rows of a document that was made again are passed over',
    file: 'source/jobs/point.ts',
    find: 'if (this.rows === this.from.rows && this.digest() !== this.from.digest)',
    replace: 'if (this.rows < 0)',
    test: { file: 'test/reports/documents.test.ts', name: 'begins from row 0 where the document is now %s' },
  },
  {
    invariant: 14,
    name: 'the download carries a token',
    file: 'source/wire/download.ts',
    find: "const headers = { Accept: '*/*',",
    replace: "const headers = { Authorization: 'Bearer token', Accept: '*/*',",
    test: {
      file: 'test/reports/jobs.test.ts',
      name: 'started by POST, a third request for the address, gzipped values: the token goes to the API and never to the storage',
    },
  },
  {
    invariant: 14,
    name: 'an address that a redirect names is not judged',
    file: 'source/jobs/link.ts',
    find: '    assertAllowed(asked, url);',
    replace: '    if (hops === 0) assertAllowed(asked, url);',
    test: {
      file: 'test/reports/documents.test.ts',
      name: 'a redirect leads to no private address, even of an allowed host',
    },
  },
  {
    invariant: 14,
    name: 'a name may resolve to a private address',
    file: 'source/wire/publicAddress.ts',
    find: 'addresses.some(({ address }) => !mayAsk(address, besideUs))',
    replace: 'addresses.length === 0',
    test: { file: 'source/wire/download.test.ts', name: 'a name that resolves to this machine is not connected to' },
  },
  {
    invariant: 12,
    name: 'gzip that is cut ends where its bytes end',
    file: 'source/formats/bytes.ts',
    find: "throw new NotThisDocument(`it is compressed and damaged or cut short (${code})`, code === 'Z_BUF_ERROR');",
    replace: "if (code !== 'Z_BUF_ERROR') throw error;",
    test: { file: 'source/formats/formats.test.ts', name: 'gzip that is cut, damaged, or none at all is refused' },
  },
  {
    invariant: 12,
    name: 'a document without a proved end is whole',
    file: 'source/jobs/pages.ts',
    find: "if (part.proved) return ended('one-answer');",
    replace: "return ended('one-answer');",
    test: { file: 'test/reports/documents.test.ts', name: 'nothing shows that a document is whole' },
  },
  {
    invariant: 12,
    name: 'a document may have fewer rows than its total',
    file: 'source/jobs/pages.ts',
    find: 'if (total !== undefined && total !== read)',
    replace: 'if (total !== undefined && total < read)',
    test: { file: 'test/reports/documents.test.ts', name: 'lines of JSON with a total that the poll names' },
  },
  {
    invariant: 12,
    name: 'rows are read whose header was renamed',
    file: 'source/reading/tabulated.ts',
    find: 'if (optional.includes(field)) continue;',
    replace: 'continue;',
    test: { file: 'test/reports/documents.test.ts', name: 'a missing header of separated values' },
  },
  {
    invariant: 11,
    name: 'a report that ignores its range is taken',
    file: 'source/jobs/range.ts',
    find: 'if (outside * 2 <= readable) return undefined;',
    replace: 'if (outside >= 0) return undefined;',
    test: {
      file: 'test/reports/documents.test.ts',
      name: 'a source that ignores it fails the run before most of its rows are taken; a few outside are taken',
    },
  },
  {
    invariant: 13,
    name: 'the state of a job is asked every second',
    file: 'source/jobs/asked.ts',
    find: '    byEngine: true,\n',
    replace: '',
    test: {
      file: 'test/reports/engine.test.ts',
      name: 'the state of a job is asked as often as declared, and status names the job meanwhile',
    },
  },
];
