export type { FaultRuleInput } from '../../simulator/faults';
export type { SimulatorControl } from './control';
export type { OperationInput } from './operations';
export type { ResourceObject } from './resources';
export { firstDonationId, firstPersonId } from './seed';
export { type Simulator, type SimulatorOptions, startPlanningCenterSimulator } from './server';
