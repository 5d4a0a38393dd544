import type { z } from 'zod';
import { auth } from '../../../schema/definition/auth';
import { connectorDefinition } from '../../../schema/definition/connector';
import { covers } from '../../../schema/definition/covers';
import { duplicates } from '../../../schema/definition/duplicates';
import { entityDefinition } from '../../../schema/definition/entity';
import { feed, firstToken } from '../../../schema/definition/feed';
import { changesListing, listing, one, paging, since } from '../../../schema/definition/listing';
import { oauth2 } from '../../../schema/definition/oauth2';
import { rateLimit } from '../../../schema/definition/rateLimit';
import { related } from '../../../schema/definition/related';
import { businessHours, deletionGuard, entitySchedule } from '../../../schema/definition/schedule';
import { severalListing } from '../../../schema/definition/several';
import { tabular } from '../../../schema/definition/tabular';
import { valueIs } from '../../../schema/definition/valueIs';
import { webhookSignature } from '../../../schema/definition/webhooks';

/** One object of a definition, and where its doc comments are. */
export interface Section {
  readonly title: string;
  /** the source file in `schema/definition/`; several where a schema extends another's */
  readonly file: string | readonly string[];
  /** declarations whose doc comments explain its fields; the first that has one counts */
  readonly comments: readonly string[];
  /** its fields, types and defaults; undefined for what the engine hands to a function of the author: the interface gives them */
  readonly schema?: z.ZodType;
  /** a list of words, each with its own doc comment, instead of fields */
  readonly words?: true;
}

/** In the order of the document. */
export const sections: readonly Section[] = [
  { title: 'The project', file: 'connector', comments: ['TidemarkConfig'] },
  {
    title: 'Connector',
    file: 'connector',
    comments: ['ConnectorInput', 'connectorDefinition'],
    schema: connectorDefinition,
  },
  { title: 'Rate limit', file: 'rateLimit', comments: ['rateLimit'], schema: rateLimit },
  { title: 'Auth', file: 'auth', comments: ['auth'], schema: auth },
  { title: 'OAuth', file: 'oauth2', comments: ['oauth2', 'tokenRequest'], schema: oauth2 },
  { title: 'Entity', file: 'entity', comments: ['EntityInput', 'entityDefinition'], schema: entityDefinition },
  { title: 'Duplicates', file: 'duplicates', comments: ['duplicates'], schema: duplicates },
  {
    title: 'Version',
    file: 'entity',
    comments: ['DeltaSyncField'],
    schema: entityDefinition.shape.deltaSyncField.unwrap(),
  },
  { title: 'Related records', file: 'related', comments: ['related'], schema: related },
  { title: 'Context of `map`', file: 'entity', comments: ['MapContext'] },
  { title: 'Schedule', file: 'schedule', comments: ['entitySchedule'], schema: entitySchedule },
  { title: 'Deletion guard', file: 'schedule', comments: ['deletionGuard'], schema: deletionGuard },
  { title: 'Listing', file: 'listing', comments: ['listing', 'request'], schema: listing },
  {
    title: 'Listing `changes`',
    file: 'listing',
    comments: ['changesListing', 'listing', 'request'],
    schema: changesListing,
  },
  { title: 'Range that a listing covers', file: 'covers', comments: ['covers'], schema: covers },
  {
    title: 'Listing for several ids',
    file: ['several', 'listing'],
    comments: ['severalListing', 'listing', 'request'],
    schema: severalListing,
  },
  { title: 'Filter `since`', file: 'listing', comments: ['since'], schema: since },
  { title: 'Feed of changes', file: 'feed', comments: ['feed'], schema: feed },
  { title: 'First token of a feed', file: 'feed', comments: ['firstToken'], schema: firstToken },
  { title: 'Cursor forms', file: 'listing', comments: ['cursorForms'], words: true },
  { title: 'Request `one`', file: 'listing', comments: ['one', 'request'], schema: one },
  { title: 'Rows with headers', file: 'tabular', comments: ['tabular'], schema: tabular },
  { title: 'Value in a body', file: 'valueIs', comments: ['valueIs'], schema: valueIs },
  { title: 'Paging', file: 'listing', comments: ['paging'], schema: paging },
  { title: 'Webhook signature', file: 'webhooks', comments: ['webhookSignature'], schema: webhookSignature },
  { title: 'Webhook delivery', file: 'webhooks', comments: ['WebhookDelivery'] },
  { title: 'Webhook event', file: 'webhooks', comments: ['WebhookEvent'] },
  { title: 'Business hours', file: 'schedule', comments: ['businessHours'], schema: businessHours },
];
