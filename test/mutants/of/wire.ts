import type { Mutant } from '../mutant';

/** Mutants of source/wire. */
export const wire: readonly Mutant[] = [
  {
    invariant: 8,
    name: 'a record nested too deep is read',
    file: 'source/wire/body/scan.ts',
    find: 'this.recordMarks |= marks.deep;',
    replace: '',
    test: {
      file: 'source/wire/body/parse.test.ts',
      name: 'a record nested 60,000 levels deep cannot be read, wherever it is, and the others can',
    },
  },
  {
    invariant: 8,
    name: 'the records of a page are not bounded',
    file: 'source/wire/body/spans.ts',
    find: 'if (count >= bounds.records) {',
    replace: 'if (count < 0) {',
    test: {
      file: 'source/wire/body/parse.test.ts',
      name: 'more %s than the limit are refused before anything is parsed',
    },
  },
  {
    invariant: 8,
    name: 'the values of a response are not bounded',
    file: 'source/wire/body/scan.ts',
    find: 'if (this.values > bounds.values) {',
    replace: 'if (this.values < 0) {',
    test: {
      file: 'source/wire/body/parse.test.ts',
      name: 'more %s than the limit are refused before anything is parsed',
    },
  },
  {
    invariant: 13,
    name: 'a wait that the source asks for is kept to oneself',
    file: 'source/wire/send.ts',
    find: 'await sender.budget.block(inVain ? waitInVainMs : milliseconds, because);',
    replace: '',
    test: {
      file: 'test/invariants/13-wait.test.ts',
      name: 'for a second: nobody asks it anything meanwhile, and the attempt goes on',
    },
  },
  {
    invariant: 14,
    name: 'secrets stay in the words of an error',
    file: 'source/wire/report.ts',
    find: '(pattern ? text.replace(pattern, blot) : text)',
    replace: 'text',
    test: {
      file: 'test/invariants/14-secrets.test.ts',
      name: 'nor histories and workflow ids',
    },
  },
  {
    invariant: 13,
    name: 'a 403 of a used-up quota is no wait',
    file: 'source/wire/pace/quota.ts',
    find: '[403, 429, 503]',
    replace: '[429, 503]',
    test: {
      file: 'source/wire/pace/quota.test.ts',
      name: 'a used-up quota is a wait for all, and no evidence that a record is gone even where 403 means gone',
    },
  },
  {
    invariant: 1,
    name: 'every charset of one byte is read as ISO 8859-1',
    file: 'source/wire/body/charset.ts',
    find: 'decode(plain, name, { stripBOM: false })',
    replace: "plain.toString('latin1')",
    test: {
      file: 'test/zoo/counterexamples.test.ts',
      name: 'a body in Windows-1252 with letters that ISO 8859-1 lacks',
    },
  },
  {
    invariant: 3,
    name: 'what a proxy says to CONNECT is read as the response of the source',
    file: 'source/wire/proxy/tunnel.ts',
    find: 'if (status < 200 || status > 299) {',
    replace: 'if (status === 0) {',
    test: {
      file: 'source/proxied.test.ts',
      name: 'a refusal of the proxy with %i is no response of the source',
    },
  },
  {
    invariant: 3,
    name: 'a refusal that a proxy marks as its own is read as the response of an http source',
    file: 'source/wire/http.ts',
    find: "if (proxy && url.protocol === 'http:' && isOfProxy(",
    replace: "if (proxy && url.protocol === 'https:' && isOfProxy(",
    test: {
      file: 'source/proxied.test.ts',
      name: 'a refusal of the proxy with %i is no response of the source',
    },
  },
  {
    invariant: 14,
    name: 'only the credentials of the proxy that a request goes through are hidden',
    file: 'source/wire/report.ts',
    find: '(proxyFor?.credentials ?? [])',
    replace: '([] as string[])',
    test: { file: 'source/proxied.test.ts', name: 'are in no error about a source that is reached without it' },
  },
];
