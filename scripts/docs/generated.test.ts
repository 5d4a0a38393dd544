import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generated } from './index';

test.each(generated.map(({ file, render }) => [file, render] as const))(
  '%s is what `npm run docs` writes',
  (file, render) => {
    const path = join(__dirname, '..', '..', file);
    const present = existsSync(path) ? readFileSync(path, 'utf8') : '';
    expect(present).toBe(render(present));
  },
);
