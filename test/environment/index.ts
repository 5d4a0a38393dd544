/** The test environment: one PostgreSQL and one Temporal for all suites. See CONTRIBUTING.md for how tests use it. */
export { atEnd } from './atEnd';
export { type TestDatabase, testDatabase } from './database';
export { quietRuntime } from './quietRuntime';
export { testSettings } from './settings';
export { type TestTemporal, testTemporal, uniqueTaskQueue } from './temporal';
