import type { z } from 'zod';
import { alias } from '../../../schema/definition/aliases';
import { auth } from '../../../schema/definition/auth/auth';
import { oauth2 } from '../../../schema/definition/auth/oauth2';
import { connectorDefinition } from '../../../schema/definition/connector';
import { duplicates } from '../../../schema/definition/duplicates';
import { entityDefinition } from '../../../schema/definition/entityDefinition';
import { byEntity, byTable, matched } from '../../../schema/definition/excludedBy';
import { importColumn, importFile } from '../../../schema/definition/importFile';
import { covers } from '../../../schema/definition/listings/covers';
import { feed, firstToken } from '../../../schema/definition/listings/feed';
import { idsListing } from '../../../schema/definition/listings/ids';
import { changesListing, listing, one } from '../../../schema/definition/listings/listing';
import { paging } from '../../../schema/definition/listings/paging';
import { relatedChanges } from '../../../schema/definition/listings/relatedChanges';
import { relatedIds } from '../../../schema/definition/listings/relatedIds';
import {
  documentTable,
  report,
  reportDocument,
  reportLink,
  reportPoll,
  reportRequest,
  reportSearch,
  reportWindow,
} from '../../../schema/definition/listings/report';
import { severalListing } from '../../../schema/definition/listings/several';
import { since } from '../../../schema/definition/listings/since';
import { tabular } from '../../../schema/definition/listings/tabular';
import { valueIs } from '../../../schema/definition/listings/valueIs';
import { window } from '../../../schema/definition/listings/window';
import { lookup } from '../../../schema/definition/lookups';
import { partitionsFrom } from '../../../schema/definition/partitions';
import { rateLimit } from '../../../schema/definition/rateLimit';
import { reference } from '../../../schema/definition/references';
import { related } from '../../../schema/definition/related';
import { replaced } from '../../../schema/definition/replaced';
import { rollup } from '../../../schema/definition/rollups';
import { businessHours, deletionGuard, entitySchedule } from '../../../schema/definition/schedule';
import { touch } from '../../../schema/definition/touch';
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
  { title: 'Lookup', file: 'lookups', comments: ['lookup'], schema: lookup },
  { title: 'Auth', file: 'auth/auth', comments: ['auth'], schema: auth },
  { title: 'OAuth', file: 'auth/oauth2', comments: ['oauth2', 'tokenRequest'], schema: oauth2 },
  {
    title: 'Entity',
    file: ['entity', 'entityDefinition'],
    comments: ['EntityInput', 'entityDefinition'],
    schema: entityDefinition,
  },
  { title: 'Replaced days', file: 'replaced', comments: ['replaced'], schema: replaced },
  { title: 'Duplicates', file: 'duplicates', comments: ['duplicates'], schema: duplicates },
  { title: 'Excluded by an entity', file: 'excludedBy', comments: ['byEntity'], schema: byEntity },
  { title: 'Excluded by a table', file: 'excludedBy', comments: ['byTable'], schema: byTable },
  { title: 'Compared columns', file: 'excludedBy', comments: ['matched'], schema: matched },
  {
    title: 'Version',
    file: 'entity',
    comments: ['DeltaSyncField'],
    schema: entityDefinition.shape.deltaSyncField.unwrap(),
  },
  { title: 'Reference', file: 'references', comments: ['reference'], schema: reference },
  { title: 'Roll-up', file: 'rollups', comments: ['rollup'], schema: rollup },
  { title: 'Related records', file: 'related', comments: ['related'], schema: related },
  {
    title: 'Changes of related records',
    file: ['listings/relatedChanges', 'listings/listing'],
    comments: ['relatedChanges', 'changesListing', 'listing', 'request'],
    schema: relatedChanges,
  },
  {
    title: 'Ids of related records',
    file: ['listings/relatedIds', 'listings/listing'],
    comments: ['relatedIds', 'listing', 'request'],
    schema: relatedIds,
  },
  { title: 'Context of `map`', file: 'mapContext', comments: ['MapContext'] },
  {
    title: 'Partitions from another entity',
    file: 'partitions',
    comments: ['partitionsFrom'],
    schema: partitionsFrom,
  },
  { title: 'Partition of a record', file: 'partitions', comments: ['ParentPartition'] },
  { title: 'Schedule', file: 'schedule', comments: ['entitySchedule'], schema: entitySchedule },
  { title: 'Import of files', file: 'importFile', comments: ['importFile'], schema: importFile },
  { title: 'Column of a file', file: 'importFile', comments: ['importColumn'], schema: importColumn },
  { title: 'Deletion guard', file: 'schedule', comments: ['deletionGuard'], schema: deletionGuard },
  { title: 'Listing', file: 'listings/listing', comments: ['listing', 'request'], schema: listing },
  {
    title: 'Listing `changes`',
    file: 'listings/listing',
    comments: ['changesListing', 'listing', 'request'],
    schema: changesListing,
  },
  {
    title: 'Listing `ids`',
    file: ['listings/ids', 'listings/listing'],
    comments: ['idsListing', 'listing', 'request'],
    schema: idsListing,
  },
  { title: 'Range that a listing covers', file: 'listings/covers', comments: ['covers'], schema: covers },
  {
    title: 'Listing for several ids',
    file: ['listings/several', 'listings/listing'],
    comments: ['severalListing', 'listing', 'request'],
    schema: severalListing,
  },
  { title: 'Filter `since`', file: 'listings/since', comments: ['since'], schema: since },
  { title: 'Window', file: 'listings/window', comments: ['window'], schema: window },
  { title: 'Feed of changes', file: 'listings/feed', comments: ['feed'], schema: feed },
  { title: 'First token of a feed', file: 'listings/feed', comments: ['firstToken'], schema: firstToken },
  { title: 'Cursor forms', file: 'listings/since', comments: ['cursorForms'], words: true },
  { title: 'Request `one`', file: 'listings/listing', comments: ['one', 'request'], schema: one },
  { title: 'Harmless change', file: 'touch', comments: ['touch'], schema: touch },
  { title: 'Rows with headers', file: 'listings/tabular', comments: ['tabular'], schema: tabular },
  { title: 'Report', file: 'listings/report', comments: ['report'], schema: report },
  { title: 'Request of a report', file: 'listings/report', comments: ['reportRequest'], schema: reportRequest },
  { title: 'Poll of a report', file: 'listings/report', comments: ['reportPoll'], schema: reportPoll },
  { title: 'Address of a document', file: 'listings/report', comments: ['reportLink'], schema: reportLink },
  { title: 'Document of a report', file: 'listings/report', comments: ['reportDocument'], schema: reportDocument },
  {
    title: 'Headers of a document',
    file: ['listings/report', 'listings/tabular'],
    comments: ['documentTable', 'tabular'],
    schema: documentTable,
  },
  { title: 'Range of a report', file: 'listings/report', comments: ['reportWindow'], schema: reportWindow },
  { title: 'Search for a job', file: 'listings/report', comments: ['reportSearch'], schema: reportSearch },
  { title: 'Value in a body', file: 'listings/valueIs', comments: ['valueIs'], schema: valueIs },
  { title: 'Paging', file: 'listings/paging', comments: ['paging'], schema: paging },
  { title: "Context of a listing's function", file: 'listings/ownRequests', comments: ['ListingContext'] },
  { title: 'Page of a function', file: 'listings/ownRequests', comments: ['OwnPage'] },
  { title: 'Context of the function of `one`', file: 'listings/ownRequests', comments: ['OneContext'] },
  { title: 'Request of a function', file: 'listings/ownRequests', comments: ['OwnRequest'] },
  { title: 'Response to a function', file: 'listings/ownRequests', comments: ['OwnResponse'] },
  { title: 'Alias of an operation', file: 'aliases', comments: ['alias'], schema: alias },
  { title: 'Webhook signature', file: 'webhooks', comments: ['webhookSignature'], schema: webhookSignature },
  { title: 'Webhook delivery', file: 'webhooks', comments: ['WebhookDelivery'] },
  { title: 'Webhook event', file: 'webhooks', comments: ['WebhookEvent'] },
  { title: 'Business hours', file: 'schedule', comments: ['businessHours'], schema: businessHours },
];
