import { errorsOf, type LineError } from '../../../destination/imports/importErrors';
import { deleteUpload, prepareImport, storeUpload, type Upload, uploadOf } from '../../../destination/imports/uploads';
import { TidemarkError } from '../../../schema/errors';
import { startWorkflow } from '../../temporal/start';
import { importFile } from '../../temporal/workflows';
import type { OperationContext } from '../definition/context';
import { startContext } from './runs/runs';
import { type StartedIds, startedIds } from './runs/started';
import { findTarget, type KnownTarget, type TargetInput } from './targets';

export interface HowToImport {
  readonly asOf?: Date | undefined;
  readonly set?: Readonly<Record<string, string>> | undefined;
}

/** Longest file that is taken. */
export const mostBytes = 1024 * 1024 * 1024;

/**
 * Checks all that can be known of an import before its file is sent. Throws TidemarkError 'NotFound' for unknown names, and 'Usage' for an entity
 * without `import`, an instant in the future or a missing one, and for a column that no file may fill.
 */
export async function importable(
  context: Pick<OperationContext, 'db' | 'connectors'>,
  { connection, entity: name }: TargetInput,
  { asOf, set = {} }: HowToImport,
): Promise<KnownTarget> {
  const known = await findTarget(context, { connection, entity: name });
  const definition = known.entity.import;
  const where = `${connection}/${name}`;
  if (definition === undefined)
    throw new TidemarkError(
      'Usage',
      `Entity ${name} takes no files: its definition has no \`import\`. Nothing was imported`,
    );
  if (asOf === undefined && !known.entity.importOnly)
    throw new TidemarkError(
      'Usage',
      `Give the instant that the file is of (--as-of, "asOf"): ${where} also has a source, and a line must rank below what the source answered later. Nothing was imported`,
    );
  if (asOf !== undefined && asOf.getTime() > Date.now())
    throw new TidemarkError(
      'Usage',
      `The instant that the file is of, ${asOf.toISOString()}, is in the future. Nothing was imported`,
    );
  const unknown = Object.keys(set).filter((column) => !Object.hasOwn(definition.columns, column));
  if (unknown.length > 0)
    throw new TidemarkError(
      'Usage',
      `A file of ${where} has no column '${unknown[0]}' that could be set: it has ${Object.keys(definition.columns).join(', ')}. Nothing was imported`,
    );
  return known;
}

export interface UploadInput extends TargetInput {
  readonly name: string;
  readonly expected?: { readonly bytes?: number | undefined; readonly sha256?: string | undefined };
  readonly most?: number | undefined;
  readonly onBytes?: (bytes: number) => void;
}

/** Stores a file in the database. Throws as `storeUpload` does, and 'Usage' for an entity that takes no files. */
export async function uploadFile(
  context: Pick<OperationContext, 'db' | 'connectors'>,
  { connection, entity, name, expected = {}, most = mostBytes, onBytes = () => undefined }: UploadInput,
  bytes: AsyncIterable<Buffer>,
): Promise<Upload> {
  const { target } = await importable(context, { connection, entity }, { asOf: new Date(0) });
  return storeUpload(context.db, { ...target, name: name.slice(0, 255), most, expected, onBytes }, bytes);
}

/** Forgets a file whose import could not be started. */
export async function dropUpload({ db }: Pick<OperationContext, 'db'>, id: string): Promise<void> {
  await deleteUpload(db, id);
}

/** Throws TidemarkError 'NotFound', 'AlreadyRunning', and 'Usage' as `importable` does and for a file of another entity. */
export async function startImport(
  context: OperationContext,
  {
    upload: id,
    asOf,
    set,
    dryRun,
    ...named
  }: TargetInput & HowToImport & { readonly upload: string; readonly dryRun: boolean },
): Promise<StartedIds> {
  const { target } = await importable(context, named, { asOf, set });
  const upload = await uploadOf(context.db, id);
  if (upload.connectionId !== target.connectionId || upload.entity !== target.entity)
    throw new TidemarkError(
      'Usage',
      `Import ${id} was uploaded for ${upload.connectionId}/${upload.entity}. Nothing was imported`,
    );
  await prepareImport(context.db, id, { asOf: asOf ?? upload.uploadedAt ?? new Date(), set: set ?? {} });
  const input = { ...target, importId: id, ...(dryRun ? { dryRun } : {}), trigger: context.trigger };
  return startedIds(await startWorkflow(await startContext(context), importFile, input));
}

/** Throws TidemarkError 'NotFound'. */
export async function showImportErrors(
  { db }: Pick<OperationContext, 'db'>,
  { import: id, after, limit }: { readonly import: string; readonly after: number; readonly limit: number },
): Promise<{ readonly import: string; readonly errors: readonly LineError[] }> {
  await uploadOf(db, id);
  return { import: id, errors: await errorsOf(db, id, { after, limit }) };
}
