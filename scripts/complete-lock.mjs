/**
 * Adds to package-lock.json the builds for other platforms that npm left out because the registry it asked did not have them.
 * Without them `npm ci` calls the lock file out of date, on every platform. Run after a change of dependencies: `npm run lock`.
 *
 * The version is the exact one that the parent package names; platform and C library follow from the name. There is no
 * integrity hash to give: `npm install` on such a platform adds it. Changes nothing in a lock file that is complete.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OS = 'aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32';
const CPU = 'arm64|arm|ia32|loong64|mips64el|ppc64|riscv64|s390x|x64';
const PLATFORM = new RegExp(`(?:^|[-/])(${OS})-(${CPU})(?:-(eabi|gnu|gnueabihf|msvc|musl|musleabihf))?$`);

const file = join(dirname(dirname(fileURLToPath(import.meta.url))), 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8'));
const added = [];

for (const [parentPath, parent] of Object.entries(lock.packages)) {
  if (parentPath === '') continue;
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    const [, os, cpu, abi] = PLATFORM.exec(name) ?? [];
    if (lock.packages[path] !== undefined || os === undefined || !/^\d+\.\d+\.\d+(?:-[\w.-]+)?$/.test(version)) continue;
    const libc = os !== 'linux' || abi === undefined ? undefined : [abi.startsWith('musl') ? 'musl' : 'glibc'];
    lock.packages[path] = { version, cpu: [cpu], dev: parent.dev, libc, license: parent.license, optional: true, os: [os] };
    added.push(`${name}@${version}`);
  }
}

if (added.length > 0) {
  const [root, ...rest] = Object.entries(lock.packages);
  rest.sort(([a], [b]) => a.localeCompare(b, 'en'));
  lock.packages = Object.fromEntries([root, ...rest]);
  writeFileSync(file, `${JSON.stringify(lock, undefined, 2)}\n`);
}
process.stdout.write(
  `package-lock.json: ${added.length} builds for other platforms added\n${added.map((each) => `  ${each}\n`).join('')}`,
);
