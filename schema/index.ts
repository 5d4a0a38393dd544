/** What a connector author imports: `import { defineConnector, defineEntity } from 'tidemark'`. */
export { type ConnectorInput, defineConfig, defineConnector, type TidemarkConfig } from './connector';
export { DefinitionError } from './definition';
export { compositeKey, defineEntity, type EntityInput, type MapContext } from './entity';
export { SkipRecord, TidemarkError } from './errors';
export type { Json, JsonObject } from './json';
export type { WebhookDelivery, WebhookEvent } from './webhooks';
