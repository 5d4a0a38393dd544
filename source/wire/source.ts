import type { Connector } from '../../schema/definition/connector';
import type { MapContext } from '../../schema/definition/mapContext';
import type { Sender } from './send';

/** What the functions behind the client share. */
export interface Source {
  readonly base: URL;
  readonly connector: Connector;
  readonly connection: MapContext['connection'];
  readonly sender: Sender;
  /** receives what an operator should know and no run fails for, without secrets */
  readonly notice: (text: string) => void;
}
