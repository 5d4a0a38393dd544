import type { Answer } from '../../simulator/answer';
import { type Fault, faultOf } from '../../simulator/faults';
import { errorAnswer, jsonAnswer } from './answers';
import type { Brand } from './brand';
import { whole } from './lists';
import { type Cell, headersOf, type Report, reports } from './tables';

/** Assumed from what clients send: no answer at once has more rows. */
export const mostRowsAtOnce = 500;

/** The ids of reports differ between brands; their slugs do not. */
export function reportId(brand: Brand, slug: string): string {
  return String(300 + brand.salt * 41 + reports.findIndex((report) => report.slug === slug));
}

/** A report by its id; undefined where the brand has none of it. */
export function reportWith(brand: Brand, id: string | null): Report | undefined {
  return reports.find(({ slug }) => reportId(brand, slug) === id);
}

/** `GET /api/table_reports`, all of them or one. */
export function reportList(brand: Brand, params: URLSearchParams, id?: string): Answer {
  const category = params.get('category');
  const data = reports
    .filter((report) => category === null || report.category === category)
    .map(({ slug, name, category: of }) => ({
      type: 'table_reports',
      id: reportId(brand, slug),
      attributes: { name, slug, category: of },
    }));
  if (id !== undefined) {
    const found = data.find((one) => one.id === id);
    return found ? jsonAnswer({ data: found }) : errorAnswer(404);
  }
  return jsonAnswer({
    data,
    links: null,
    meta: { pagination: { count: data.length, pages: 1, page: 1, per_page: 100 } },
  });
}

/** `GET /api/table_report_data`: at most 500 rows of a page, and whether there are more rows than that in all. */
export function reportData(brand: Brand, report: Report, params: URLSearchParams, faults: readonly Fault[]): Answer {
  const size = Math.min(whole(params.get('page_size'), mostRowsAtOnce), mostRowsAtOnce);
  const page = whole(params.get('page'), 1);
  const rows = faultOf(faults, 'emptyList') ? [] : rowsOf(brand, report, params, faults);
  return jsonAnswer({
    data: {
      type: 'table_report_data',
      id: reportId(brand, report.slug),
      attributes: {
        headers: headersOf(report, brand.edition),
        rows: rows.slice((page - 1) * size, page * size),
        max_results_exceeded: rows.length > page * size,
      },
    },
  });
}

/** The rows of a report between the days that are asked for. A filter of another name is ignored. */
export function rowsOf(
  brand: Brand,
  report: Report,
  params: URLSearchParams,
  faults: readonly Fault[],
): (readonly Cell[])[] {
  const ignored = faultOf(faults, 'ignoreFilter') !== undefined;
  const [from, to] = ['min', 'max'].map((end) => (ignored ? null : params.get(`${end}_${report.filter}`)));
  const found: (readonly Cell[])[] = [];
  for (const { day, cells } of report.rows(brand)) {
    if (day >= (from ?? '') && day <= (to ?? '9999')) found.push(cells);
  }
  return found;
}
