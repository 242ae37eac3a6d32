import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

type Package = { readonly resolved?: string; readonly optionalDependencies?: Record<string, string> };
const lock = JSON.parse(readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8')) as {
  packages: Record<string, Package>;
};

test('the lock file has the builds for every platform, without which npm ci refuses it (npm run lock adds them)', () => {
  const parents = Object.entries(lock.packages).filter(([path]) => path !== '');
  const wanted = parents.flatMap(([, parent]) => Object.keys(parent.optionalDependencies ?? {}));
  expect(wanted).not.toEqual([]);
  expect(wanted.filter((name) => lock.packages[`node_modules/${name}`] === undefined)).toEqual([]);
});

test('the lock file says what was installed, not where from', () => {
  expect(Object.entries(lock.packages).filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
});
