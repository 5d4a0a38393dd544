/**
 * A decimal's one way of being written: no exponent, no sign of zero, no zeros at either end. Compared as text, since
 * doubles would call two different amounts equal. Undefined for what is no number.
 */
export function canonical(text: string): string | undefined {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text.trim());
  if (!parts) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  const before = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  const behind = point > 0 ? digits.slice(point) : '0'.repeat(-point) + digits;
  const left = before.replace(/^0+(?=\d)/, '');
  const right = behind.replace(/0+$/, '');
  if (left === '0' && right === '') return '0';
  return `${sign}${left}${right === '' ? '' : `.${right}`}`;
}
