import { defineEntity } from '../../schema';
import { donationRecord, donationRow, mapDonation } from './donationMapping';
import { jsonApiListings } from './jsonApi';

/**
 * Gifts, pending and failed ones included. Filter and order by `updated_at` are documented (apps/giving/versions/2019-10-18/
 * vertices/donation) and were added in 2018 (planningcenter/developers issue 514); `received_at` would not do, since it may be
 * any date in the past or future.
 */
export const donations = defineEntity({
  name: 'donations',
  record: donationRecord,
  row: donationRow,
  key: 'id',
  deltaSyncField: { name: 'updated_at', kind: 'instant', from: 'attributes.updated_at' },
  listings: jsonApiListings('/giving/v2/donations', 'Donation'),
  supportsWebhooks: true,
  schedule: { delta: { every: '15m' }, reconciliation: { at: '03:30' } },
  map: mapDonation,
});
