import { readSettings } from '../../../schema/settings/settings';
import { idsOf, readAll, testClient } from './httpSource';

/** A program that reads a list through the proxy that its environment names, and prints the ids. */
readAll(testClient(process.argv[2] ?? '', {}, { proxyFor: readSettings(process.env).proxyFor })).then(
  ({ records }) => process.stdout.write(JSON.stringify(idsOf(records))),
  (error: unknown) => process.stdout.write(String(error)),
);
