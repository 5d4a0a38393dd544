import { z } from 'zod';
import type { Json } from '../json/json';
import { type Report, requestsOf } from './listings/report';

interface Template {
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Json | undefined;
}

interface ChangesTemplate extends Template {
  readonly feed?: { readonly first: 'all' | Template } | undefined;
}

/** Of an entity, what holds placeholders. */
interface Templates {
  readonly name: string;
  readonly listings: {
    readonly [L in 'all' | 'changes' | 'ids']?: (Template & { readonly report?: Report | undefined }) | undefined;
  } & { readonly one?: Template | undefined };
  readonly related?:
    | Readonly<
        Record<
          string,
          {
            readonly listing: Template;
            readonly changes?: ChangesTemplate | undefined;
            readonly ids?: Template | undefined;
          }
        >
      >
    | undefined;
  readonly touch?: Template | undefined;
  readonly partitions: unknown;
}

/** `{name}`, or `{partition.name}`, stands for a value; `{{name}}` is the text `{name}` itself. */
export const placeholder = /\{\{(?:partition\.)?\w+\}\}|\{((?:partition\.)?\w+)\}/g;

/** Each placeholder of a request with its path in the definition, such as `['query.filter', 'since']`. */
export function placeholdersIn(template: Partial<Template>): [at: string, name: string][] {
  return textsIn(template).flatMap(([at, text]) => placeholdersOf(text).map((name): [string, string] => [at, name]));
}

/** The names of the placeholders of a text. */
function placeholdersOf(text: string): string[] {
  return [...text.matchAll(placeholder)].flatMap(([, name]) => (name === undefined ? [] : [name]));
}

function textsIn({ path, query, headers, body }: Partial<Template>): [string, string][] {
  return Object.entries({ path, query, headers, body }).flatMap(([at, part]) => leaves(at, part as Json | undefined));
}

function leaves(at: string, value: Json | undefined): [string, string][] {
  if (typeof value === 'string') return [[at, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => leaves(`${at}.${key}`, inner));
}

/**
 * What nothing would fill when a request is made, one sentence each: a placeholder is a setting of the connector, or one of the engine's
 * own: `{partition}` in listings of an entity with partitions, `{since}` and `{until}` in `changes`, `{id}` in `one`, `{ids}` in related, `{id}` and
 * `{text}` in `touch`.
 */
export function placeholderMistakes(
  where: string,
  {
    headers,
    settings,
    authTexts,
    lookups = {},
  }: {
    readonly headers: Readonly<Record<string, string>>;
    readonly settings: z.ZodObject;
    /** the texts of `auth` and `otherAuth` that may contain placeholders, by their paths */
    readonly authTexts: readonly (readonly [at: string, text: string])[];
    /** values that the source shows, by the name that stands for them in listings */
    readonly lookups?: Readonly<Record<string, Partial<Template>>>;
  },
  entities: readonly Templates[],
): string[] {
  const { catchall } = settings.def;
  // a schema that lets further settings through may have any
  if (catchall !== undefined && !(catchall instanceof z.ZodNever)) return [];
  const known = Object.keys(settings.shape);
  const unfilled = (at: string, template: Partial<Template> | undefined, own: readonly string[]) =>
    among(at, placeholdersIn(template ?? {}), own);
  const among = (at: string, found: readonly (readonly [string, string])[], own: readonly string[]) =>
    found
      .filter(([, name]) => !own.includes(name) && !known.includes(name))
      .map(
        ([place, name]) =>
          `${at}.${place}: nothing fills {${name}}; it may be ${[...own, ...known].map((one) => `{${one}}`).join(', ')}`,
      );
  return [
    ...unfilled(where, { headers }, []),
    ...Object.entries(lookups).flatMap(([name, lookup]) => unfilled(`${where}.lookups.${name}`, lookup, [])),
    ...authTexts.flatMap(([at, text]) =>
      among(
        where,
        placeholdersOf(text).map((name) => [at, name] as const),
        [],
      ),
    ),
    ...entities.flatMap(({ name, listings, related, touch, partitions }) => {
      const at = `${where}.entities.${name}.listings`;
      const parted = partedBy(partitions);
      const listed = (name: 'all' | 'changes' | 'ids') => {
        const list = listings[name];
        const shown = Object.keys(lookups);
        const range = name === 'changes' || list?.report?.window !== undefined ? ['since', 'until'] : [];
        const requests = list?.report === undefined ? [] : requestsOf(list.report);
        return [
          ...unfilled(`${at}.${name}`, list, [...parted, ...range, ...shown]),
          ...requests.flatMap(([place, request, fills]) => {
            const ranged = fills.filter((one) => (one !== 'since' && one !== 'until') || range.includes(one));
            return unfilled(`${at}.${name}.${place}`, request, [...parted, ...ranged, ...shown]);
          }),
        ];
      };
      return [
        ...listed('all'),
        ...listed('changes'),
        ...listed('ids'),
        ...unfilled(`${at}.one`, listings.one, ['id', ...Object.keys(lookups)]),
        ...unfilled(`${where}.entities.${name}.touch`, touch, ['id', 'text']),
        ...Object.entries(related ?? {}).flatMap(([of, { listing, changes, ids }]) => {
          const here = `${where}.entities.${name}.related.${of}`;
          const first = changes?.feed?.first;
          return [
            ...unfilled(`${here}.listing`, listing, ['ids']),
            ...unfilled(`${here}.ids`, ids, []),
            ...unfilled(`${here}.changes`, changes, ['since', 'until']),
            ...unfilled(`${here}.changes.feed.first`, first === 'all' ? undefined : first, []),
          ];
        }),
      ];
    }),
  ];
}

/** The placeholders that an entity's partitions fill. */
function partedBy(partitions: unknown): string[] {
  if (Array.isArray(partitions) && partitions.length === 1 && partitions[0] === '') return [];
  const fields =
    typeof partitions === 'object' && partitions !== null && 'fields' in partitions ? partitions.fields : [];
  return ['partition', ...(Array.isArray(fields) ? fields.map((field) => `partition.${String(field)}`) : [])];
}
