import { z } from 'zod';
import { defineEntity } from '../../schema';
import { classType } from './classification';
import { listed, resource, single } from './listings';

const record = resource({
  start_date: z.string(),
  start_time: z.string().nullish(),
  start_datetime: z.string().nullish(),
  end_datetime: z.string().nullish(),
  class_type_display: z.string().nullish(),
  location_display: z.string().nullish(),
  instructor_names: z.array(z.string()).nullish(),
  capacity: z.number().nullish(),
  standard_reservation_user_count: z.number().nullish(),
  public: z.boolean().nullish(),
  is_free_class: z.boolean().nullish(),
  cancellation_datetime: z.string().nullish(),
  archived_at: z.string().nullish(),
});

/**
 * The classes of a brand. Their list has no filter by change, only one by day: a delta reads those of the last week and all to come, and a
 * reconciliation finds what was changed in older ones.
 */
export const classSessions = defineEntity({
  name: 'class_sessions',
  record,
  row: z.object({
    start_date: z.iso.date(),
    starts_at: z.iso.datetime().nullable(),
    ends_at: z.iso.datetime().nullable(),
    name: z.string().nullable(),
    class_type: z.string(),
    location: z.string().nullable(),
    instructors: z.string().nullable(),
    capacity: z.int().nullable(),
    reserved: z.int().nullable(),
    is_public: z.boolean().nullable(),
    cancelled_at: z.iso.datetime().nullable(),
    archived_at: z.iso.datetime().nullable(),
  }),
  key: 'id',
  listings: {
    all: listed('class_sessions'),
    changes: {
      ...listed('class_sessions'),
      since: {
        param: 'min_date',
        field: 'attributes.start_date',
        form: 'date',
        timeZone: 'connection',
        boundary: 'inclusive',
      },
    },
    one: single('class_sessions'),
  },
  lookback: '7d',
  supportsWebhooks: false,
  schedule: { delta: { every: '30m' }, reconciliation: { at: '03:15' } },
  map: ({ attributes: own }) => ({
    start_date: own.start_date,
    starts_at: own.start_datetime ?? null,
    ends_at: own.end_datetime ?? null,
    name: own.class_type_display ?? null,
    class_type: classType({ name: own.class_type_display, isFree: own.is_free_class, isPublic: own.public }),
    location: own.location_display ?? null,
    instructors: own.instructor_names?.join(', ') ?? null,
    capacity: own.capacity ?? null,
    reserved: own.standard_reservation_user_count ?? null,
    is_public: own.public ?? null,
    cancelled_at: own.cancellation_datetime ?? null,
    archived_at: own.archived_at ?? null,
  }),
});
