import type { Attributes } from '../../simulator/collection';

/** The kinds of records that the simulated brands have, as the API names them. */
export const kinds = ['users', 'class_sessions', 'reservations', 'orders', 'membership_instances'] as const;
export type Kind = (typeof kinds)[number];

/** A record as a brand keeps it. */
export interface Stored {
  readonly id: string;
  readonly attributes: Attributes;
  /** by name of the relationship, the kind and id of the other record */
  readonly relationships: Readonly<Record<string, { readonly type: Kind; readonly id: string }>>;
  /** milliseconds since 1970 */
  readonly updatedAt: number;
}

/** A record as the lists of the API show it. */
export interface Shown {
  readonly type: Kind;
  readonly id: string;
  readonly attributes: Attributes;
  readonly relationships: Readonly<Record<string, { readonly data: { readonly type: Kind; readonly id: string } }>>;
}

/** In a list the time of the last change is not shown, although some lists can be filtered by it. */
export function shown(type: Kind, { id, attributes, relationships }: Stored): Shown {
  const named = Object.entries(relationships).map(([name, data]) => [name, { data }] as const);
  return { type, id, attributes, relationships: Object.fromEntries(named) };
}
