import type { RollupInput } from '../../schema';

/**
 * The figures of a brand by day. Bookings count on the day of their class, orders on the day on which they were placed. What was paid
 * (`sales`, `refunds`) and what counts as earned (`deferred_revenue`) are apart, as they are at the source.
 */
export const dailyMetrics: RollupInput = {
  name: 'daily_metrics',
  inputs: { bookings: { days: ['class_date'] }, orders: { days: ['placed_at'] } },
  sql: `
    select b.*, o.*
    from (
      select
        count(*) filter (where status !~ 'cancel|removed') as bookings,
        count(*) filter (where status ~ 'cancel') as cancelled,
        count(*) filter (where status ~ 'no show') as no_shows,
        count(*) filter (where booking_source = 'membership' and status !~ 'cancel|removed') as by_membership,
        count(*) filter (where booking_source = 'partner' and status !~ 'cancel|removed') as by_partner,
        count(distinct coalesce(customer, customer_id, lower(customer_email))) filter (where status !~ 'cancel|removed') as customers,
        coalesce(sum(deferred_revenue), 0) as deferred_revenue
      from bookings
    ) b
    cross join (
      select
        count(*) as orders,
        coalesce(sum(sale_price), 0) as sales,
        coalesce(sum(refunded), 0) as refunds
      from orders
    ) o`,
};
