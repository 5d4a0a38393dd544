import { atEnd } from '../environment';
import { type Engine, startEngine } from '../support/engine';
import { makeRows, ReportSource } from './reportSource';
import { type Shape, shop } from './shop';

/** A whole engine over a source of reports with so many rows. */
export async function reportWorld(
  shape: Shape,
  count: number,
  changes: Parameters<typeof shop>[1] = {},
): Promise<{ engine: Engine; source: ReportSource }> {
  const source = await ReportSource.start(shape);
  atEnd(() => source.close());
  source.rows.push(...makeRows(count));
  const connector = shop(shape, changes);
  const settings = { baseUrl: source.api.baseUrl };
  return { engine: await startEngine({ connector, settings, secrets: { token: 'secret-token' } }), source };
}
