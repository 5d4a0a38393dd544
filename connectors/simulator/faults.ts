import { z } from 'zod';
import { seededRandom } from './random';

const headers = z.record(z.string(), z.string()).optional();

/** What goes wrong. The first group spoils the answer on its way, the second the list itself. */
const kind = z.discriminatedUnion('kind', [
  /** another status, such as 429 with `{ "Retry-After": "3" }`, 500, 401, 403; the body defaults to the API's own for it */
  z.strictObject({
    kind: z.literal('status'),
    status: z.int().min(200).max(599),
    headers,
    body: z.string().optional(),
  }),
  /** 200 with this body, as it is: `null`, `{"errors":[…]}`, a JSON string, anything */
  z.strictObject({ kind: z.literal('body'), body: z.string(), contentType: z.string().optional() }),
  /** 200 with a body that describes an error */
  z.strictObject({ kind: z.literal('errorBody') }),
  /** 200 with a login page */
  z.strictObject({ kind: z.literal('html') }),
  /** 200 with `null` */
  z.strictObject({ kind: z.literal('null') }),
  /** 200 with no body */
  z.strictObject({ kind: z.literal('empty') }),
  /** a well-formed response whose JSON ends in the middle */
  z.strictObject({ kind: z.literal('truncatedJson') }),
  /** the right headers, half the body, then the connection is gone */
  z.strictObject({ kind: z.literal('cut') }),
  /** the connection is gone before any answer */
  z.strictObject({ kind: z.literal('reset') }),
  /** no answer, ever; with `afterHeaders` the headers and half the body arrive first */
  z.strictObject({ kind: z.literal('hang'), afterHeaders: z.boolean().default(false) }),
  /** the right answer, late */
  z.strictObject({ kind: z.literal('slow'), ms: z.number().min(0) }),
  /** 302 to somewhere else; `{path}` is the requested path and query */
  z.strictObject({
    kind: z.literal('redirect'),
    location: z.string(),
    status: z.int().min(300).max(399).default(302),
  }),
  /** the right answer, compressed */
  z.strictObject({ kind: z.literal('gzip') }),
  /** a small compressed body that unpacks to this many megabytes */
  z.strictObject({ kind: z.literal('gzipBomb'), megabytes: z.int().min(1).max(1000).default(100) }),

  /** `where` is ignored: everything is listed */
  z.strictObject({ kind: z.literal('ignoreFilter') }),
  /** a request with `where` is answered with an empty list, as if no record matched */
  z.strictObject({ kind: z.literal('emptyFilter') }),
  /** an empty list with total 0 */
  z.strictObject({ kind: z.literal('emptyList') }),
  /** never more records a page than this, whatever was asked; `next` follows the smaller size */
  z.strictObject({ kind: z.literal('capPageSize'), max: z.int().min(1) }),
  /** fewer records than the page should have, while `next` and the total stay as they were */
  z.strictObject({ kind: z.literal('shortPage'), keep: z.int().min(0) }),
  /** a total that the pages contradict, off by `by` */
  z.strictObject({ kind: z.literal('wrongTotal'), by: z.int() }),
  /** `next` points to this page again */
  z.strictObject({ kind: z.literal('repeatNext') }),
  /** the first record of the page once more, at its end */
  z.strictObject({ kind: z.literal('doubleRecord') }),
  /** nothing beyond this offset, and a total of it: what people saw in 2020 (planningcenter/developers issue 736, 10,000) */
  z.strictObject({ kind: z.literal('window'), max: z.int().min(0).default(10_000) }),
]);

/** When something goes wrong, and what. */
export const faultRule = z.strictObject({
  /** a part of `METHOD path?query` (decoded), or a regular expression between slashes; default: every request */
  match: z.string().default(''),
  /** how many matching requests pass untouched before */
  skip: z.int().min(0).default(0),
  /** how many times it strikes, then it is over; default: forever */
  count: z.int().min(1).optional(),
  /** strikes each matching request only with this probability (seeded) */
  probability: z.number().min(0).max(1).default(1),
  fault: kind,
});
export type FaultRule = z.infer<typeof faultRule>;
export type FaultRuleInput = z.input<typeof faultRule>;
export type Fault = z.infer<typeof kind>;
export type FaultOf<Kind extends Fault['kind']> = Extract<Fault, { kind: Kind }>;

/** A rule with its number and how often it matched and struck. */
export interface FaultStatus {
  readonly id: number;
  readonly rule: FaultRule;
  readonly matched: number;
  readonly struck: number;
}

interface ActiveRule {
  readonly id: number;
  readonly rule: FaultRule;
  readonly matches: (request: string) => boolean;
  matched: number;
  struck: number;
}

/** The rules in force. Every rule that strikes a request applies to it, in the order they were added. */
export class Faults {
  private rules: ActiveRule[] = [];
  private lastId = 0;

  constructor(private readonly random = seededRandom(1)) {}

  /** Adds a rule and returns its number. Throws ZodError for a malformed rule. */
  add(input: FaultRuleInput): number {
    const rule = faultRule.parse(input);
    const id = ++this.lastId;
    this.rules.push({ id, rule, matches: matcher(rule.match), matched: 0, struck: 0 });
    return id;
  }

  /** Removes one rule, or all. */
  clear(id?: number): void {
    this.rules = id === undefined ? [] : this.rules.filter((rule) => rule.id !== id);
  }

  list(): readonly FaultStatus[] {
    return this.rules.map(({ id, rule, matched, struck }) => ({ id, rule, matched, struck }));
  }

  /** The faults for a request, such as `GET /people/v2/people?offset=100`. */
  strike(request: string): Fault[] {
    const struck: Fault[] = [];
    for (const active of this.rules) {
      if (!active.matches(request)) continue;
      active.matched++;
      const { skip, count, probability, fault } = active.rule;
      if (active.matched <= skip || (count !== undefined && active.struck >= count)) continue;
      if (probability < 1 && this.random() >= probability) continue;
      active.struck++;
      struck.push(fault);
    }
    return struck;
  }
}

/** The first fault of one kind among those that struck. */
export function faultOf<Kind extends Fault['kind']>(faults: readonly Fault[], kind: Kind): FaultOf<Kind> | undefined {
  return faults.find((fault): fault is FaultOf<Kind> => fault.kind === kind);
}

function matcher(match: string): (request: string) => boolean {
  const expression = /^\/(.*)\/([a-z]*)$/s.exec(match);
  if (!expression) return (request) => request.includes(match);
  const pattern = new RegExp(expression[1] ?? '', expression[2]);
  return (request) => pattern.test(request);
}
