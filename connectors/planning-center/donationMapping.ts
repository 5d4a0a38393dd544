import { z } from 'zod';

const related = z.looseObject({ data: z.looseObject({ id: z.string() }).nullish() }).nullish();

/** What we use of a donation. Docs: apps/giving/versions/2019-10-18/vertices/donation */
export const donationRecord = z.looseObject({
  id: z.string(),
  attributes: z.looseObject({
    amount_cents: z.int(),
    amount_currency: z.string(),
    fee_cents: z.int().nullish(),
    payment_method: z.string().nullish(),
    payment_status: z.string().nullish(),
    refunded: z.boolean().nullish(),
    received_at: z.iso.datetime().nullish(),
    completed_at: z.iso.datetime().nullish(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime().nullish(),
  }),
  relationships: z.looseObject({ person: related, campus: related, batch: related, payment_source: related }),
});
export type DonationRecord = z.infer<typeof donationRecord>;

export const donationStates = ['pending', 'succeeded', 'failed', 'refunded'] as const;

export const donationRow = z.object({
  /** null for an anonymous gift */
  person_id: z.string().nullable(),
  amount_cents: z.int(),
  amount_currency: z.string(),
  /** 0 or negative */
  fee_cents: z.int(),
  /** what reaches the organization: amount and fee together, nothing unless the gift succeeded and was kept */
  net_cents: z.int(),
  state: z.enum(donationStates).nullable(),
  payment_method: z.string().nullable(),
  refunded: z.boolean(),
  received_at: z.iso.datetime().nullable(),
  completed_at: z.iso.datetime().nullable(),
  campus_id: z.string().nullable(),
  batch_id: z.string().nullable(),
  payment_source_id: z.string().nullable(),
  created_at: z.iso.datetime(),
});

/** The row for a donation. */
export function mapDonation({ attributes, relationships }: DonationRecord): z.input<typeof donationRow> {
  const state = donationState(attributes);
  const fee = attributes.fee_cents ?? 0;
  return {
    person_id: relationships.person?.data?.id ?? null,
    amount_cents: attributes.amount_cents,
    amount_currency: attributes.amount_currency,
    fee_cents: fee,
    net_cents: state === 'succeeded' ? attributes.amount_cents + fee : 0,
    state,
    payment_method: attributes.payment_method ?? null,
    refunded: attributes.refunded ?? false,
    received_at: attributes.received_at ?? null,
    completed_at: attributes.completed_at ?? null,
    campus_id: relationships.campus?.data?.id ?? null,
    batch_id: relationships.batch?.data?.id ?? null,
    payment_source_id: relationships.payment_source?.data?.id ?? null,
    created_at: attributes.created_at,
  };
}

/**
 * One word for the state of a gift. The API keeps `payment_status: succeeded` for a refunded gift, so a query that sums up
 * succeeded gifts would count money that went back. A status that is not documented is null rather than a guess.
 */
function donationState(attributes: DonationRecord['attributes']): (typeof donationStates)[number] | null {
  if (attributes.refunded) return 'refunded';
  const status = donationStates.find((state) => state === attributes.payment_status);
  return status === 'refunded' ? null : (status ?? null);
}
