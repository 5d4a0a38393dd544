export type { Edition } from './brand';
export type { Change, MarianaTekControl } from './control';
export type { JobFate } from './jobs';
export type { Kind, Stored } from './records';
export { daysBefore, firstIds } from './seed';
export {
  type BrandOptions,
  type MarianaTekSimulator,
  type SimulatorOptions,
  startMarianaTekSimulator,
} from './server';
