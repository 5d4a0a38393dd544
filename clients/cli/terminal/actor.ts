import { userInfo } from 'node:os';

/** Who an operator is, for the audit. */
export function actor(): string {
  return `cli:${userInfo().username}`;
}
