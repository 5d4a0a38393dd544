import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { type Room, rooms } from './table';

const root = join(__dirname, '..', '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'], {
  cwd: root,
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .filter(
    (file) =>
      !file.endsWith('.test.ts') && !/^(test|bench|docs|dist|scripts)\//.test(file) && existsSync(join(root, file)),
  );

interface Import {
  readonly from: string;
  readonly to: string;
}

/** Imports of our own files: static, of types, dynamic, and by `require`. */
const imports: Import[] = files.flatMap((from) =>
  [...read(from).matchAll(/(?:\bfrom|\bimport|\bimport\(|\brequire\()\s*'(\.[^']*)'/g)].map((found) => ({
    from,
    to: resolved(from, found[1] ?? ''),
  })),
);

function resolved(from: string, specifier: string): string {
  const path = posix.join(posix.dirname(from), specifier);
  const [found] = [`${path}.ts`, `${path}/index.ts`, path.replace(/\.js$/, '.ts')].filter((file) =>
    existsSync(join(root, file)),
  );
  return found ?? path;
}

const within = (file: string, folder: string) => file.startsWith(`${folder}/`) || file === `${folder}.ts`;

function roomOf(file: string): Room | undefined {
  return rooms
    .filter(({ folder }) => within(file, folder))
    .sort((a, b) => b.folder.length - a.folder.length)
    .at(0);
}

test('every file lies in a room', () => {
  expect(files.filter((file) => file.includes('/') && roomOf(file) === undefined)).toEqual([]);
  expect(imports.length).toBeGreaterThan(1_000);
});

test('every import goes the way that the table allows', () => {
  const wrong = imports.filter(({ from, to }) => {
    const room = roomOf(from);
    if (room === undefined || roomOf(to) === room) return false;
    // a wing's own files may use its rooms: they put them together
    if (!room.folder.includes('/') && within(to, room.folder)) return false;
    return !room.may.some((folder) => within(to, folder));
  });
  expect(wrong).toEqual([]);
});

test('the table allows nothing that nobody uses', () => {
  const idle = rooms.flatMap((room) =>
    room.may
      .filter((folder) => !imports.some(({ from, to }) => roomOf(from) === room && within(to, folder)))
      .map((folder) => `${room.folder} → ${folder}`),
  );
  expect(idle).toEqual([]);
});

test('ARCHITECTURE.md shows the table', () => {
  const [, shown] = /<!-- imports -->\n([\s\S]*?)<!-- \/imports -->/.exec(read('ARCHITECTURE.md')) ?? [];
  const cells = (line: string) =>
    line
      .split('|')
      .map((cell) => cell.trim())
      .join('|');
  const table = rooms.map(
    ({ folder, holds, may }) =>
      `| \`${folder}/\` | ${holds} | ${may.length === 0 ? 'nothing of ours' : may.map((one) => `\`${one}\``).join(', ')} |`,
  );
  expect((shown ?? '').trim().split('\n').slice(2).map(cells)).toEqual(table.map(cells));
});
