/**
 * A real browser for the pages: Chromium as the system has it, driven by playwright-core, which brings none of its own. Where there is
 * none these tests fail and say in one line how to get it: skipped, nobody would see that the page is broken.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

export class ChromiumMissing extends Error {
  constructor(reason: string) {
    super(`no Chromium: ${reason}`);
    this.name = 'ChromiumMissing';
  }
}

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** `NTK_TEST_CHROMIUM`, else the first on the path. @throws ChromiumMissing */
export function chromiumFile(): string {
  const named = process.env.NTK_TEST_CHROMIUM;
  if (named !== undefined && named !== '') {
    if (isExecutable(named)) return named;
    throw new ChromiumMissing(`NTK_TEST_CHROMIUM names ${named}, which cannot be started`);
  }
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
  if (found !== undefined) return found;
  throw new ChromiumMissing(
    'none is on the path; install it (Debian: apt-get install chromium; macOS: brew install --cask chromium), or name one with NTK_TEST_CHROMIUM=FILE',
  );
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @throws ChromiumMissing */
export async function launchChromium(): Promise<Browser> {
  // Its sandbox refuses to work for root, which is who builds run as; the pages are our own.
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({
    executablePath: chromiumFile(),
    args: [...(isRoot ? ['--no-sandbox'] : []), '--disable-dev-shm-usage', '--disable-background-networking'],
  });
}
