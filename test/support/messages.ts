import { readFileSync } from 'node:fs';
import { parseSync } from '@swc/core';

/** The texts of a TypeScript file that people may read: string literals and templates with a space in them, without SQL. */
export function messagesIn(file: string): string[] {
  const found: string[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const text = textOf(node as Node);
    if (text?.trim().includes(' ') && !sql.test(text)) found.push(text);
    if (text === undefined || (node as Node).type === 'TemplateLiteral') Object.values(node).forEach(visit);
  };
  visit(parseSync(readFileSync(file, 'utf8'), { syntax: 'typescript' }));
  return found;
}

interface Node {
  readonly type?: string;
  readonly value?: string;
  readonly quasis?: readonly { readonly cooked: string }[];
}

/** Statements and parts of them, which no person reads. */
const sql = /^\s*(?:select|insert|update|delete|with|create|alter|drop|from|where|set|case|and|order by)\s/;

function textOf(node: Node): string | undefined {
  if (node.type === 'StringLiteral') return node.value;
  return node.type === 'TemplateLiteral' ? node.quasis?.map(({ cooked }) => cooked).join('…') : undefined;
}
