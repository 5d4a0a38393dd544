import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { environmentVariables, readSettings } from '../schema/settings/settings';
import { cliCommands } from './support/cli/cliCommands';

/** docker-compose.yml and Dockerfile, as far as they can be judged without Docker. */
const root = join(__dirname, '..');
const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');

const service = z.looseObject({
  image: z.string(),
  build: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.union([z.string(), z.number()])),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  healthcheck: z.looseObject({ disable: z.boolean().optional(), test: z.array(z.string()).optional() }).optional(),
  'x-no-healthcheck': z.string().optional(),
  'x-writable': z.string().optional(),
  security_opt: z.array(z.string()).default([]),
  cap_drop: z.array(z.string()).default([]),
  mem_limit: z.string().optional(),
  read_only: z.boolean().default(false),
  tmpfs: z.array(z.string()).default([]),
  privileged: z.boolean().default(false),
  user: z.string().optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
});
const { services } = z.object({ services: z.record(z.string(), service) }).parse(parse(text, { merge: true }));
const all = Object.entries(services);
const ours = all.filter(([, { build }]) => build !== undefined);

test('every image is pinned to a version', () => {
  const images = [
    ...all.map(([, { image }]) => image),
    ...[...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, of]) => of),
  ];
  expect(images.length).toBeGreaterThan(all.length);
  for (const image of images) expect(image).toMatch(/^[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z-]+)?$/);
});

test.each(all)('%s has a health check, or a reason for having none', (_name, { healthcheck, ...rest }) => {
  const checks = healthcheck?.test !== undefined && healthcheck.disable !== true;
  expect(checks).toBe(rest['x-no-healthcheck'] === undefined);
});

test.each(all)('%s waits for services that there are, for what they can tell', (_name, { depends_on }) => {
  for (const [other, { condition }] of Object.entries(depends_on)) {
    const known = services[other];
    expect(known).toBeDefined();
    const ends = known?.['x-no-healthcheck'] === 'runs once and ends';
    expect(condition).toBe(ends ? 'service_completed_successfully' : 'service_healthy');
  }
});

test.each(ours)('%s runs a command of the CLI with settings that it reads', async (_name, { command, environment }) => {
  expect([...(await cliCommands()).keys()]).toContain(command?.[0]);
  for (const name of Object.keys(environment)) {
    expect(name.startsWith('TEMPORAL_') || environmentVariables.includes(name)).toBe(true);
  }
  // filled in, they are settings that the program takes
  const filled = Object.entries(environment).map(([name, value]) => [
    name,
    String(value)
      .replace(/\$\{\w+:-([^}]*)\}/g, '$1')
      .replace(/\$\{\w+:\?[^}]*\}/g, 'ab'.repeat(32)),
  ]);
  expect(() => readSettings(Object.fromEntries(filled))).not.toThrow();
});

test('no secret has a default, and each is in .env.example, empty', () => {
  const variables = [...text.matchAll(/\$\{(\w+)(:[-?]?)/g)].map(([, name = '', operator]) => ({ name, operator }));
  const secret = /PASSWORD|KEY|SECRET|TOKEN/;
  const secrets = new Set(variables.filter(({ name }) => secret.test(name)).map(({ name }) => name));
  for (const { name, operator } of variables) expect(operator).toBe(secrets.has(name) ? ':?' : ':-');
  const example = readFileSync(join(root, '.env.example'), 'utf8');
  const named = [...example.matchAll(/^(\w+)=(.*)$/gm)];
  expect(new Set(named.map(([, name]) => name))).toEqual(secrets);
  expect(named.every(([, , value]) => value === '')).toBe(true);
  for (const [, { environment }] of all) {
    for (const [name, value] of Object.entries(environment)) {
      if (/PASSWORD|_PWD$|KEY|DATABASE_URL/.test(name)) expect(String(value)).toContain(':?');
    }
  }
});

test.each(all)('%s is confined: no further rights, a bound on its memory', (_name, confined) => {
  expect(confined.security_opt).toContain('no-new-privileges:true');
  expect(confined.cap_drop).toEqual(['ALL']);
  expect(confined.mem_limit).toMatch(/^(\d+[mg]|\$\{\w+:-\d+[mg]\})$/);
  expect(confined.privileged).toBe(false);
  expect(confined.user ?? 'of the image').not.toMatch(/^(root|0)/);
});

test.each(all)('%s cannot change its own files, or says why it has to', (_name, { read_only, tmpfs, ...rest }) => {
  expect(read_only).toBe(rest['x-writable'] === undefined);
  if (read_only) expect(tmpfs).toContain('/tmp');
});

test.each(ours)(
  '%s: what is checked for health is a port that the process has',
  (_name, { healthcheck, environment }) => {
    const [, port] = /127\.0\.0\.1:(\d+)/.exec(healthcheck?.test?.join(' ') ?? '') ?? [];
    if (port !== undefined) expect([environment.PORT, environment.METRICS_PORT].map(String)).toContain(port);
    else expect(healthcheck?.disable).toBe(true);
  },
);

test('nothing is reachable from other machines', () => {
  for (const port of all.flatMap(([, { ports }]) => ports)) expect(port).toMatch(/^127\.0\.0\.1:/);
});

test('every file that is mounted or copied exists', () => {
  const mounted = all.flatMap(([, { volumes }]) => volumes.map((volume) => volume.split(':')[0] ?? ''));
  for (const path of mounted.filter((one) => one.startsWith('./'))) expect(existsSync(join(root, path))).toBe(true);
  for (const [, paths = ''] of dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)) {
    for (const path of paths.split(' ')) expect(existsSync(join(root, path))).toBe(true);
  }
});

test('the image runs as an ordinary user, without development packages', () => {
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
  expect(last).toMatch(/^USER node$/m);
  expect(last).toContain('/readyz');
  expect(dockerfile).toContain('npm ci --omit=dev');
});
