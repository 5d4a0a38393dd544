import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generated } from './index';

/** `npm run docs`: writes every document that is made from the code. */
for (const { file, render } of generated) {
  const path = join(__dirname, '..', '..', file);
  const present = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const text = render(present);
  if (text !== present) writeFileSync(path, text);
  process.stdout.write(`${file}: ${text === present ? 'current' : 'written'}\n`);
}
