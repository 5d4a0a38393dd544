import { readFileSync } from 'node:fs';
import {
  type Expression,
  type ModuleItem,
  type ObjectExpression,
  parseSync,
  type TsTypeElement,
  type VariableDeclaration,
} from '@swc/core';

/** What a doc comment says of one name. */
export interface Explained {
  /** one paragraph, without line breaks; empty where there is no comment */
  readonly text: string;
  /** the code after `@example`; empty where there is none */
  readonly example: string;
  /** of a member of an interface: its type as it is written */
  readonly type?: string;
}

/**
 * The doc comments of a source file by dotted path: `EntityInput.readLag` for a member of an interface, `listing.records` for a
 * field of a zod object, `paging.offset.overlap` for one of a variant that has `scheme: z.literal('offset')`. Members without a
 * comment are there too, with an empty text.
 *
 * The compiler (TypeScript 7) has no API in JavaScript; swc is here already, for the tests.
 */
export function readComments(file: string): ReadonlyMap<string, Explained> {
  // the first token is at offset 0, from which the parser's own count, which goes on from file to file, can be told
  const source = Buffer.from(`;${readFileSync(file, 'utf8')}`);
  const module = parseSync(source.toString(), { syntax: 'typescript', target: 'es2022' });
  const base = module.span.start;
  const found = new Map<string, Explained>();
  const text = (from: number, to: number) => source.subarray(from - base, to - base).toString();
  const note = (path: string, start: number, type?: string) => {
    if (!found.has(path))
      found.set(path, { ...commentBefore(text(base, start)), ...(type === undefined ? {} : { type }) });
  };

  for (const item of module.body) topLevel(item);
  return found;

  function topLevel(item: ModuleItem): void {
    const declaration = item.type === 'ExportDeclaration' ? item.declaration : item;
    if (declaration.type === 'VariableDeclaration')
      variables(declaration, item.type === 'ExportDeclaration' ? item.span.start : declaration.span.start);
    if (declaration.type === 'TsInterfaceDeclaration') {
      note(declaration.id.value, item.type === 'ExportDeclaration' ? item.span.start : declaration.span.start);
      members(declaration.id.value, declaration.body.body);
    }
  }

  function variables({ declarations }: VariableDeclaration, start: number): void {
    for (const { id, init } of declarations) {
      if (id.type !== 'Identifier' || !init) continue;
      note(id.value, start);
      expression(id.value, init);
    }
  }

  function members(path: string, elements: readonly TsTypeElement[]): void {
    for (const element of elements) {
      if (element.type !== 'TsPropertySignature' || element.key.type !== 'Identifier') continue;
      const type = element.typeAnnotation?.typeAnnotation;
      const at = `${path}.${element.key.value}`;
      note(at, element.span.start, type && text(type.span.start, type.span.end));
      if (type?.type === 'TsTypeLiteral') members(at, type.members);
    }
  }

  function expression(path: string, value: Expression): void {
    if (value.type === 'CallExpression') {
      if (value.callee.type === 'MemberExpression') expression(path, value.callee.object);
      for (const argument of value.arguments) expression(path, argument.expression);
    } else if (value.type === 'TsConstAssertion') expression(path, value.expression);
    else if (value.type === 'ObjectExpression') fields(path, value);
    else if (value.type === 'ArrayExpression') {
      for (const element of value.elements) {
        if (element === undefined) continue;
        const { expression: one } = element;
        if (one.type === 'StringLiteral') note(`${path}.${one.value}`, one.span.start);
        const variant = variantOf(one);
        if (variant === undefined) continue;
        const at = `${path}.${variant}`;
        if ('span' in one) note(at, one.span.start);
        expression(at, one);
      }
    }
  }

  function fields(path: string, { properties }: ObjectExpression): void {
    for (const property of properties) {
      if (property.type === 'Identifier') note(`${path}.${property.value}`, property.span.start);
      if (property.type !== 'KeyValueProperty') continue;
      const { key, value } = property;
      if (key.type !== 'Identifier' && key.type !== 'StringLiteral') continue;
      note(`${path}.${key.value}`, key.span.start);
      expression(`${path}.${key.value}`, value);
    }
  }
}

/** `offset` of `z.strictObject({ scheme: z.literal('offset'), … })`, `oauth2.password` where it has a `grant` too. */
function variantOf(value: Expression): string | undefined {
  if (value.type !== 'CallExpression') return undefined;
  for (const { expression } of value.arguments) {
    if (expression.type !== 'ObjectExpression') continue;
    const names = ['scheme', 'grant'].flatMap((name) => literalIn(expression, name) ?? []);
    if (names.length > 0) return names.join('.');
  }
  return value.callee.type === 'MemberExpression' ? variantOf(value.callee.object) : undefined;
}

function literalIn({ properties }: ObjectExpression, name: string): string | undefined {
  for (const property of properties) {
    if (property.type !== 'KeyValueProperty' || property.key.type !== 'Identifier') continue;
    if (property.key.value !== name || property.value.type !== 'CallExpression') continue;
    const [argument] = property.value.arguments;
    if (argument?.expression.type === 'StringLiteral') return argument.expression.value;
  }
  return undefined;
}

/** The doc comment at the end of a text, with at most line comments behind it. */
function commentBefore(text: string): { readonly text: string; readonly example: string } {
  const end = text.replace(/(?:\s|\/\/[^\n]*\n)+$/, '');
  const start = end.lastIndexOf('/**');
  if (!end.endsWith('*/') || start === -1) return { text: '', example: '' };
  const lines = end
    .slice(start + 3, -2)
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd());
  const [said = '', example = ''] = lines.join('\n').split(/^@example\s*$/m);
  return { text: said.trim().replace(/\s*\n\s*/g, ' '), example: example.replace(/^\n+|\s+$/g, '') };
}
