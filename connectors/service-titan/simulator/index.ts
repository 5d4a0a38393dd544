export type { ChangeInput } from './changes';
export type { ServiceTitanControl } from './control';
export { firstContactId, firstCustomerId } from './seed';
export {
  type ServiceTitanSimulator,
  type SimulatorOptions,
  startServiceTitanSimulator,
  type TenantOptions,
} from './server';
export type { Shown } from './tenant';
