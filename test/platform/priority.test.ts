/** Processes of their own: a priority cannot be taken back. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const MODULE = join(import.meta.dirname, '../../services/platform/priority.ts');

/** Priorities of all threads of a process that has begun some and then gives way, as often as each is there. */
async function prioritiesAfter(script: string): Promise<number[]> {
  const source = `
    import { readdirSync } from 'node:fs';
    import { getPriority, setPriority } from 'node:os';
    import { giveWay } from '${MODULE}';
    ${script}
    const threads = process.platform === 'linux' ? readdirSync('/proc/self/task').map(Number) : [0];
    console.log(JSON.stringify([...new Set(threads.map((thread) => getPriority(thread)))]));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', source]);
  return JSON.parse(stdout) as number[];
}

describe('giving way', () => {
  test('is for all threads of a process, also for those that it begins later', async () => {
    const aFile = "await (await import('node:fs/promises')).stat('.');";
    expect(await prioritiesAfter(`giveWay(7); ${aFile}`)).toEqual([7]);
    expect(await prioritiesAfter(`${aFile} giveWay(7);`)).toEqual([7]);
  });

  test('never takes a place further to the front', async () => {
    expect(await prioritiesAfter('setPriority(0, 12); giveWay(12); giveWay(5);')).toEqual([12]);
  });
});
