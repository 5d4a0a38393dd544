import type { Mutant } from './mutant';
import { activities } from './of/activities';
import { children } from './of/children';
import { clients } from './of/clients';
import { destination } from './of/destination';
import { imports } from './of/imports';
import { paging } from './of/paging';
import { plans } from './of/plans';
import { reading } from './of/reading';
import { replaced } from './of/replaced';
import { reports } from './of/reports';
import { rows } from './of/rows';
import { runs } from './of/runs';
import { schema } from './of/schema';
import { source } from './of/source';
import { wire } from './of/wire';
import { workflows } from './of/workflows';
import { ofTheWorld } from './of/world';
import { zoo } from './of/zoo';

/** All mutants; each is in the file of the room that it breaks. */
export const mutants: readonly Mutant[] = [
  ...rows,
  ...runs,
  ...plans,
  ...destination,
  ...activities,
  ...workflows,
  ...clients,
  ...schema,
  ...reading,
  ...paging,
  ...wire,
  ...source,
  ...zoo,
  ...children,
  ...reports,
  ...imports,
  ...replaced,
  ...ofTheWorld,
];
