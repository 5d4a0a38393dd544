/** How a booking was paid for. */
export type BookingSource =
  | 'membership'
  | 'package'
  | 'partner'
  | 'complimentary'
  | 'guest'
  | 'single class'
  | 'unknown';

/** What of a booking says how it was paid for; each may be missing. */
export interface PaidBy {
  readonly membership?: string | null | undefined;
  readonly contract?: string | null | undefined;
  readonly package?: string | null | undefined;
  readonly credit?: string | null | undefined;
  readonly creditOrigin?: string | null | undefined;
  readonly broker?: string | null | undefined;
  readonly guest?: string | null | undefined;
  readonly isFree?: boolean | null | undefined;
}

/** Companies that sell places in classes of others. */
const partners = /\b(class\s?pass|gym\s?pass|wellhub|wellness\s?hub|urban\s?sports|guavapass|fitreserve)\b/i;
const complimentary = /\b(comp|complimentary|courtesy|staff|free|promo(tional)?|gift)\b/i;

/**
 * The source of a booking.
 * - A place that a partner sold counts as the partner's, whatever credit it was booked with.
 * - A free class, or a complimentary credit, was not paid for, even if the customer has a membership.
 * - A membership or contract counts before a package, since the package is used only beyond it.
 * - A guest without any of these came with somebody who paid.
 */
export function bookingSource(paid: PaidBy): BookingSource {
  const { membership, contract, credit, creditOrigin, broker, guest } = paid;
  const named = (text: string | null | undefined) => (text ?? '').trim() !== '';
  if ([broker, credit, creditOrigin, paid.package].some((text) => partners.test(text ?? ''))) return 'partner';
  if (paid.isFree === true || complimentary.test(credit ?? '') || complimentary.test(creditOrigin ?? ''))
    return 'complimentary';
  if (named(membership) || named(contract)) return 'membership';
  if (named(paid.package)) return 'package';
  if (named(credit)) return 'single class';
  return named(guest) ? 'guest' : 'unknown';
}

/** What kind of class it is. */
export type ClassType = 'private' | 'community' | 'online' | 'event' | 'group';

/** What of a class says what kind it is; each may be missing. */
export interface Described {
  /** the name of its type */
  readonly name?: string | null | undefined;
  readonly category?: string | null | undefined;
  readonly tags?: string | null | undefined;
  readonly isFree?: boolean | null | undefined;
  readonly isPublic?: boolean | null | undefined;
}

/**
 * The type of a class. Its name, category and tags count alike, and the rarer kind wins: an online community class is online. A class that is
 * free is a community class; one that is not public is private, unless its name says what it is.
 */
export function classType({ name, category, tags, isFree, isPublic }: Described): ClassType {
  const text = [name, category, tags].map((one) => one ?? '').join(' ');
  if (/\b(private|1[:-]1|one[- ]on[- ]one|personal)\b/i.test(text)) return 'private';
  if (/\b(online|virtual|live\s?stream|stream|on[- ]demand)\b/i.test(text)) return 'online';
  if (/\b(workshop|event|pop[- ]?up|retreat|training)\b/i.test(text)) return 'event';
  if (/\b(community|donation)\b/i.test(text) || isFree === true) return 'community';
  return isPublic === false ? 'private' : 'group';
}
