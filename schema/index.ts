/** What a connector author imports: `import { defineConnector, defineEntity } from 'tidemark'`. Every type that these functions take or return is here. */

export type { AliasInput } from './definition/aliases';
export type { Auth, AuthInput } from './definition/auth/auth';
export type { SecretName } from './definition/auth/secretName';
export type { Column } from './definition/columns';
export { type CompositeKey, compositeKey, folded, type KeyPart, lastDigits } from './definition/compositeKey';
export {
  type Connector,
  type ConnectorEntity,
  type ConnectorInput,
  defineConfig,
  defineConnector,
  type TidemarkConfig,
} from './definition/connector';
export { DefinitionError } from './definition/definition';
export {
  type DeltaSyncField,
  defineEntity,
  defineFileEntity,
  type Entity,
  type EntityInput,
  type FileEntityInput,
} from './definition/entity';
export type { ImportFile, ImportFileInput } from './definition/importFile';
export type {
  ChangesListing,
  ChangesListingInput,
  Listing,
  ListingInput,
  One,
  OneInput,
} from './definition/listings/listing';
export type {
  ListingContext,
  ListingEnd,
  ListingFunction,
  OneContext,
  OneFunction,
  OneSays,
  OwnPage,
  OwnRequest,
  OwnResponse,
} from './definition/listings/ownRequests';
export type { Paging, PagingInput } from './definition/listings/paging';
export type { Since } from './definition/listings/since';
export type { MapContext } from './definition/mapContext';
export type { ParentPartition } from './definition/partitions';
export type { RateLimit } from './definition/rateLimit';
export type { Reference, ReferencesInput } from './definition/references';
export type { Rollup, RollupInput } from './definition/rollups';
export type { DeletionGuard, EntitySchedule } from './definition/schedule';
export type {
  Handshake,
  UnverifiedDelivery,
  WebhookDelivery,
  WebhookEvent,
  WebhookReply,
  WebhookRules,
  WebhookSignature,
  WebhookSignatureInput,
} from './definition/webhooks';
export { type ErrorOptions, type ErrorType, type Recovery, SkipRecord, TidemarkError } from './errors';
export { decimal } from './json/decimal';
export { firstPresent, type Json, type JsonObject } from './json/json';
export { toInstant } from './localTime';
