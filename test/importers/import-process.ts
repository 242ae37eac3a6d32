/** Imports a file (arguments: log, file). Says on its output that it is at the next chunk and waits for an answer. Made to be killed. */
import { once } from 'node:events';
import { dirname } from 'node:path';
import { importFile } from '../../services/importers/import-file.ts';
import { openInput } from '../../services/importers/input/open-input.ts';
import { isInputProblem } from '../../services/importers/input/problem.ts';
import { ORIGIN } from '../../services/platform/log/event-log.ts';
import { openSqliteLog } from '../../services/platform/log/sqlite/open-sqlite-log.ts';

const [logPath = '', inputPath = ''] = process.argv.slice(2);
const log = await openSqliteLog({ path: logPath, create: false, clock: { nowMs: () => 0 } });
const input = await openInput(inputPath, { spoolFolder: dirname(logPath) });
if (isInputProblem(input)) throw new Error(input.message);
const admit = async (): Promise<void> => {
  process.stdout.write('next\n');
  await once(process.stdin, 'data');
};
await importFile(log, input, { format: 'cloudevents', origin: ORIGIN.run, startedWith: 'policy', admit });
