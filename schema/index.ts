/** What a connector author imports: `import { defineConnector, defineEntity } from 'tidemark'`. */
export { type ConnectorInput, defineConfig, defineConnector, type TidemarkConfig } from './definition/connector';
export { DefinitionError } from './definition/definition';
export { compositeKey, defineEntity, type EntityInput, type MapContext } from './definition/entity';
export type { WebhookDelivery, WebhookEvent } from './definition/webhooks';
export { SkipRecord, TidemarkError } from './errors';
export type { Json, JsonObject } from './json';
