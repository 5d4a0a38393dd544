import type { Brand } from './brand';
import type { Tokens } from './tokens';

/** A brand with what lets clients in. */
export interface Served {
  readonly brand: Brand;
  readonly tokens: Tokens;
}
