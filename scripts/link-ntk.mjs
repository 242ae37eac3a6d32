/**
 * After an install: puts `ntk` beside the other commands of node_modules, so that `npx ntk` in the checkout starts it at once.
 * Without the link (`npm ci --ignore-scripts`) npx comes to the same file through a link in its own cache.
 * Plain JavaScript: an install may run on an older Node than the one it brings.
 */
import { existsSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'node_modules', '.bin');
const link = join(folder, 'ntk');
const target = relative(folder, join(root, 'bin', 'ntk.mjs'));

function current() {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

// As a dependency of something else the package has no node_modules of its own, and npm makes the link itself.
if (existsSync(join(root, 'node_modules')) && current() !== target) {
  try {
    mkdirSync(folder, { recursive: true });
    rmSync(link, { force: true });
    symlinkSync(target, link);
  } catch (error) {
    // No reason to fail an install: only the shortcut is missing.
    process.stderr.write(`cannot link ${link}: ${error.message}\n`);
  }
}
