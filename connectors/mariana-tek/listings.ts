import { z } from 'zod';
import type { JsonObject } from '../../schema';

/** A JSON:API list. Its page size is capped by the API at a number that is not published; clients ask for up to 1,000. */
export function listed(path: string, query: Readonly<Record<string, string>> = {}) {
  return {
    path: `/api/${path}`,
    query,
    paging: { scheme: 'page', sizeParam: 'page_size', pageSize: 500 },
    records: 'data',
    total: 'meta.pagination.count',
  } as const;
}

/** The lists that know when a record was changed are asked by that, although their records do not show it. */
export const updatedSince = {
  param: 'min_updated_datetime',
  form: 'iso-seconds',
  boundary: 'inclusive',
} as const;

/** A single record is below `data`. */
export function single(path: string) {
  return { path: `/api/${path}/{id}`, record: 'data' } as const;
}

/** A resource object of JSON:API. */
export function resource<Attributes extends z.ZodRawShape>(attributes: Attributes) {
  return z.looseObject({
    id: z.string(),
    attributes: z.looseObject(attributes),
    relationships: z.record(z.string(), z.json()).nullish(),
  });
}

/** The id of the record that a relationship names; null where it is empty or missing, as empty ones may be. */
export function relatedId(relationships: Readonly<JsonObject> | null | undefined, name: string): string | null {
  const found = z.looseObject({ data: z.looseObject({ id: z.string() }) }).safeParse(relationships?.[name]);
  return found.success ? found.data.data.id : null;
}
