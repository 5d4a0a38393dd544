import { z } from 'zod';
import { defineEntity } from '../../schema';
import { jsonApiListings } from './jsonApi';

/** What we use of a person. Fields that an account may not see are missing, so all but the names and times may be. */
const record = z.looseObject({
  id: z.string(),
  attributes: z.looseObject({
    first_name: z.string().nullable(),
    last_name: z.string().nullable(),
    middle_name: z.string().nullish(),
    nickname: z.string().nullish(),
    name: z.string().nullish(),
    birthdate: z.iso.date().nullish(),
    anniversary: z.iso.date().nullish(),
    gender: z.string().nullish(),
    child: z.boolean().nullish(),
    grade: z.int().nullish(),
    membership: z.string().nullish(),
    status: z.string().nullish(),
    inactivated_at: z.iso.datetime().nullish(),
    remote_id: z.int().nullish(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime().nullish(),
  }),
  relationships: z
    .looseObject({ primary_campus: z.looseObject({ data: z.looseObject({ id: z.string() }).nullish() }).nullish() })
    .nullish(),
});

/** Everyone in Planning Center, active or not. Docs: apps/people/versions/2025-11-10/vertices/person */
export const people = defineEntity({
  name: 'people',
  record,
  row: z.object({
    first_name: z.string().nullable(),
    last_name: z.string().nullable(),
    middle_name: z.string().nullable(),
    nickname: z.string().nullable(),
    name: z.string().nullable(),
    birthdate: z.iso.date().nullable(),
    anniversary: z.iso.date().nullable(),
    gender: z.string().nullable(),
    child: z.boolean().nullable(),
    grade: z.int().nullable(),
    membership: z.string().nullable(),
    status: z.string().nullable(),
    inactivated_at: z.iso.datetime().nullable(),
    primary_campus_id: z.string().nullable(),
    remote_id: z.int().nullable(),
    created_at: z.iso.datetime(),
  }),
  key: 'id',
  deltaSyncField: { name: 'updated_at', kind: 'instant', from: 'attributes.updated_at' },
  listings: jsonApiListings('/people/v2/people', 'Person'),
  supportsWebhooks: true,
  schedule: { delta: { every: '15m' }, reconciliation: { at: '03:00' } },
  map: ({ attributes, relationships }) => ({
    first_name: attributes.first_name,
    last_name: attributes.last_name,
    middle_name: attributes.middle_name ?? null,
    nickname: attributes.nickname ?? null,
    name: attributes.name ?? null,
    birthdate: attributes.birthdate ?? null,
    anniversary: attributes.anniversary ?? null,
    gender: attributes.gender ?? null,
    child: attributes.child ?? null,
    grade: attributes.grade ?? null,
    membership: attributes.membership ?? null,
    status: attributes.status ?? null,
    inactivated_at: attributes.inactivated_at ?? null,
    primary_campus_id: relationships?.primary_campus?.data?.id ?? null,
    remote_id: attributes.remote_id ?? null,
    created_at: attributes.created_at,
  }),
});
