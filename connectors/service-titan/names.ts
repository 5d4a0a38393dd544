/** The parts of the one name that a customer has. For a company, only `company` is there; for a person, it is null. */
export interface SplitName {
  readonly firstname: string | null;
  readonly lastname: string | null;
  readonly company: string | null;
}

/** Words that end the name of a company, whatever kind of customer it is. */
const companyEnding = /\b(llc|l\.l\.c|inc|corp|co|ltd|lp|llp|pllc|hoa|company|corporation|association)\.?$/i;
const title = /^(mr|mrs|ms|miss|dr|rev)\b\.?(\s*(&|and)\s*(mr|mrs|ms|dr)\b\.?)?\s+/i;
const suffix = /^(jr|sr|ii|iii|iv|md|phd|esq)\.?$/i;
const particle = /^(van|von|der|den|de|del|della|da|di|la|le|st\.?|bin|al|el|ten|ter)$/i;

/**
 * Splits the one `name` of a customer.
 * - A commercial customer, or a name that ends like one, is a company and is not split.
 * - `Last, First` is split at the comma, unless what follows is only a suffix such as `Jr.`
 * - Otherwise the last word is the last name, with the particles before it (`van der Berg`) and the suffix after it (`Lee III`).
 * - One word is a last name. A title in front (`Mr. & Mrs.`) belongs to neither.
 */
export function splitName(name: string, type: string | null | undefined): SplitName {
  const whole = name.replace(/\s+/g, ' ').trim();
  if (whole === '') return { firstname: null, lastname: null, company: null };
  if (type === 'Commercial' || companyEnding.test(whole)) return { firstname: null, lastname: null, company: whole };
  const person = (first: string, last: string): SplitName => ({
    firstname: first.trim() || null,
    lastname: last.trim() || null,
    company: null,
  });
  const comma = whole.indexOf(',');
  const after = whole.slice(comma + 1).trim();
  if (comma > 0 && !suffix.test(after)) return person(after.replace(title, ''), whole.slice(0, comma));
  const words = whole.replace(',', '').replace(title, '').split(' ');
  let start = words.length - 1;
  if (start > 0 && suffix.test(words[start] ?? '')) start--;
  while (start > 1 && particle.test(words[start - 1] ?? '')) start--;
  return person(words.slice(0, start).join(' '), words.slice(start).join(' '));
}
