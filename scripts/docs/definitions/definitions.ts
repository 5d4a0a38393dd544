import { join } from 'node:path';
import { z } from 'zod';
import { type Explained, readComments } from '../comments';
import type { Generated } from '../generated';
import { type Section, sections } from './sections';
import { typeText, unwrapped } from './typeText';

const opening = `# Definitions

Every field that a connector's definition may have. This file is generated from the doc comments in the code (\`npm run docs\`), which
your editor shows as well.

Paths are dotted: \`data.0.id\` is the \`id\` of the first element of \`data\`. A duration is a number and a unit: \`'10s'\`, \`'15m'\`,
\`'24h'\`. In a type, "name of a secret" is the name under which the connector's \`secrets\` declare it, never the secret itself.
A field without a default is required unless its default says *optional*.
`;

/** `docs/definitions.md`. */
export const definitions: Generated = { file: 'docs/definitions.md', render: () => renderDefinitions() };

/** One field as a row of a table. */
export interface Field {
  readonly name: string;
  readonly type: string;
  readonly fallback: string;
  readonly meaning: string;
}

/** One table of the document, with an example that has all its fields. */
export interface Part {
  readonly title: string;
  readonly schema: z.ZodType | undefined;
  readonly intro: string;
  readonly example: string;
  readonly fields: readonly Field[];
}

/** Throws an Error for a field without an explanation, which names it. */
export function renderDefinitions(): string {
  const bodies = sections.map((section) => {
    const [first, ...variants] = partsOf(section);
    return [
      `## ${section.title}`,
      first && body(first),
      ...variants.flatMap((part) => [`### ${part.title}`, body(part)]),
    ];
  });
  const contents = sections.map(({ title }) => `- [${title}](#${anchor(title)})`).join('\n');
  return `${[opening.trim(), contents, ...bodies.flat()].join('\n\n')}\n`;
}

/** A section as tables: itself, and one for each variant of a union. */
export function partsOf(section: Section): Part[] {
  const comments = commentsOf(section);
  const { schema, title } = section;
  const lookUp = (path: string) => find(comments, section.comments, path);
  const own = lookUp('');
  if (schema instanceof z.ZodUnion) {
    // variants that are a section of their own are explained there
    const options = schema.options.filter((option) => !sections.some((one) => one.schema === option));
    const variants = (options as z.ZodType[] as z.ZodObject[]).map((option) => {
      const name = variantName(option);
      const { text, example } = lookUp(name);
      return {
        title: `\`${name}\``,
        schema: option,
        intro: text,
        example,
        fields: fieldsOf(option, `${name}.`, lookUp),
      };
    });
    return [{ title, schema: undefined, intro: own.text, example: own.example, fields: [] }, ...variants];
  }
  const fields = schema instanceof z.ZodObject ? fieldsOf(schema, '', lookUp) : fieldsOfInterface(comments, section);
  return [{ title, schema, intro: own.text, example: own.example, fields }];
}

function commentsOf({ file }: Section): ReadonlyMap<string, Explained> {
  const folder = join(__dirname, '..', '..', '..', 'schema', 'definition');
  const files = typeof file === 'string' ? [file] : file;
  // of what two files explain, the first counts
  return new Map(files.toReversed().flatMap((name) => [...readComments(join(folder, `${name}.ts`))]));
}

type LookUp = (path: string) => Explained;

function find(comments: ReadonlyMap<string, Explained>, declarations: readonly string[], path: string): Explained {
  // fields that all variants share are declared once, apart from them
  const paths = [path, path.slice(path.lastIndexOf('.') + 1)];
  const all = declarations.flatMap((name) =>
    paths.flatMap((at) => comments.get(at === '' ? name : `${name}.${at}`) ?? []),
  );
  const type = all.find((one) => one.type !== undefined)?.type;
  const { text, example } = all.find((one) => one.text !== '') ?? { text: '', example: '' };
  if (text === '') throw new Error(`${declarations[0]}${path === '' ? '' : `.${path}`} has no doc comment`);
  return { text, example, ...(type === undefined ? {} : { type }) };
}

/** `shown` is the name so far as the document shows it, `at` as its doc comments are looked up. */
function fieldsOf(object: z.ZodObject, at: string, lookUp: LookUp, shown = ''): Field[] {
  return Object.entries(object.shape).flatMap(([name, schema]) => {
    const { inner, optional, fallback } = unwrapped(schema as z.ZodType);
    if (inner instanceof z.ZodLiteral && (name === 'scheme' || name === 'grant')) {
      const meaning = name === 'scheme' ? 'Selects this scheme.' : 'Selects this grant.';
      return [{ name, type: typeText(inner) ?? '', fallback: '', meaning }];
    }
    const { text, type } = lookUp(`${at}${name}`);
    const section = sectionOf(inner);
    const nested = section === undefined && inner instanceof z.ZodObject && !isSmall(inner);
    const row: Field = {
      name: `${shown}${name}`,
      type: section ? section : nested ? 'object' : (typeText(inner) ?? asCode(type)),
      fallback: isWorthShowing(fallback) ? `\`${fallback}\`` : optional ? '*optional*' : '',
      meaning: text,
    };
    return nested ? [row, ...fieldsOf(inner, `${at}${name}.`, lookUp, `${shown}${name}.`)] : [row];
  });
}

/** Where the document explains a field that has a section of its own; undefined for others. */
function sectionOf(schema: z.ZodType): string | undefined {
  const link = (of: unknown) => {
    const section = sections.find((one) => one.schema === of);
    return section && `[${section.title}](#${anchor(section.title)})`;
  };
  const own = link(schema);
  if (own !== undefined) return `see ${own}`;
  const list = schema instanceof z.ZodArray ? link(schema.element) : undefined;
  if (list !== undefined) return `list, see ${list}`;
  const named = schema instanceof z.ZodRecord ? link(schema.valueType) : undefined;
  return named && `object, see ${named}`;
}

/** Empty defaults say no more than that the field is optional. */
function isWorthShowing(fallback: string | undefined): boolean {
  return fallback !== undefined && !['{}', "''", "['']"].includes(fallback);
}

/** An object of one or two plain fields is shown in the type itself. */
function isSmall(object: z.ZodObject): boolean {
  return Object.keys(object.shape).join() === 'every';
}

function fieldsOfInterface(
  comments: ReadonlyMap<string, Explained>,
  { comments: [name = ''], words }: Section,
): Field[] {
  return [...comments].flatMap(([path, { text, type }]) => {
    if (!path.startsWith(`${name}.`)) return [];
    if (text === '') throw new Error(`${path} has no doc comment`);
    const field = path.slice(name.length + 1);
    return [{ name: words ? `'${field}'` : field, type: words ? '' : asCode(type), fallback: '', meaning: text }];
  });
}

function variantName(option: z.ZodObject): string {
  const literals = ['scheme', 'grant'].flatMap((name) => {
    const field = option.shape[name];
    return field instanceof z.ZodLiteral ? [String(field.value)] : [];
  });
  return literals.join('.');
}

function asCode(type = ''): string {
  if (type.startsWith('{')) return 'object';
  return type === '' ? '' : `\`${type.replace(/\s+/g, ' ').replace(/\breadonly /g, '')}\``;
}

function body({ intro, example, fields }: Part): string {
  const shownTypes = fields.some(({ type }) => type !== '');
  const shownDefaults = fields.some(({ fallback }) => fallback !== '');
  const head = ['field', ...(shownTypes ? ['type'] : []), ...(shownDefaults ? ['default'] : []), 'meaning'];
  const rows = fields.map(({ name, type, fallback, meaning }) => [
    `\`${name}\``,
    ...(shownTypes ? [type] : []),
    ...(shownDefaults ? [fallback] : []),
    meaning,
  ]);
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`);
  return [
    intro,
    ...(example ? [`\`\`\`ts\n${example}\n\`\`\``] : []),
    ...(fields.length > 0 ? [lines.join('\n')] : []),
  ].join('\n\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** As GitHub makes it from a heading. */
function anchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
}
