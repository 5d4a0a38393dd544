/** The house style for words, as far as a machine can check it. CONTRIBUTING.md has the rules, docs/glossary.md the words. */

/** What must not be written, and what to write instead. Matched as whole words, in any case. */
const refused: readonly (readonly [pattern: string, instead: string])[] = [
  ['told|tells?|telling', 'reported, shown, returned, logged, named'],
  ['(?:is|are|was|were) on', 'is running'],
  ['(?:is|are) had', 'exists, comes from'],
  ['so (?:many|long|often|lately)', 'at most, how long, recently'],
  ['mend(?:s|ed|ing)?', 'fix'],
  ['anew', 'again'],
  ['for ever', 'forever'],
  ['lately', 'recently'],
  ['beside', 'next to, at the same time as'],
  ['nobody|somebody|everybody|whoever', 'the operator, the caller, any worker'],
  ['(?:became|becomes|become) of', 'outcome, result'],
  ['yet to come', 'in the future'],
  ['moments?', 'instant'],
  ['stands?|stood', 'is, is stored'],
  ['lies', 'is, is stored'],
  ['asked for again', 'fetched again'],
  ['(?:it|that|which|what) (?:is|was) (?:to be )?asked by', 'that it takes'],
];

/** What is right although a pattern matches it. */
const allowed: readonly RegExp[] = [
  /\b(?:is|are) on (?:disk|the PATH)\b/gi,
  /\bstatus never lies\b/gi,
  /\bstands? for\b/gi,
];

const expression = new RegExp(`\\b(?:${refused.map(([pattern]) => `(${pattern})`).join('|')})\\b`, 'gi');

/** Each refused word of a text, with the words around it and what to write instead. */
export function refusedWords(text: string): string[] {
  const plain = allowed.reduce((rest, phrase) => rest.replace(phrase, '…'), text.replace(/\s+/g, ' '));
  return [...plain.matchAll(expression)].map((found) => {
    const [, instead = ''] = refused[found.slice(1).findIndex((group) => group !== undefined)] ?? [];
    const around = plain.slice(Math.max(0, found.index - 40), found.index + found[0].length + 40);
    return `${found[0]} (${instead}): … ${around} …`;
  });
}
