import { connectDatabase } from '../../../destination/database/database';
import type { ComparedAs } from '../../../schema/definition/comparedAs';
import { testDatabase } from '../../../test/environment';
import { comparedSql } from './comparedSql';

test.each<[ComparedAs, string, string | null]>([
  ['exact', ' A  b ', 'A  b'],
  ['exact', '  ', null],
  ['folded', ' Walk\t In ', 'walk in'],
  ['folded', ' ', null],
  [{ lastDigits: 10 }, '+91 98765-43210', '9876543210'],
  [{ lastDigits: 10 }, '098765 43210', '9876543210'],
  [{ lastDigits: 10 }, '43210', null],
])('%j of %j is %j', async (as, text, expected) => {
  const db = connectDatabase((await testDatabase()).url);
  try {
    const { rows } = await db.raw(`select ${comparedSql('t', as, 'text')} as compared from (select ?::text as t) x`, [
      text,
    ]);
    expect(rows).toEqual([{ compared: expected }]);
  } finally {
    await db.destroy();
  }
});
