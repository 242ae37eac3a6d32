/** `ntk run`: from a file to stored rows, the summary printed, in one process; beside inserting the same rows and nothing else. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { environment } from '../../environment.ts';
import { writeUserKey } from '../process/deployment.ts';
import { MEMORY, NODE_OPTIONS } from '../process/measured-process.ts';
import type { Benchmark } from '../suite/benchmark.ts';
import { type TrafficFile, trafficFile } from '../traffic/backlog.ts';
import { insertOnly, type Inserted, type NativeFiles, nativeFiles } from './floor.ts';

const ACCESSES = { tiny: 8_000, small: 200_000, full: 2_000_000 };
const LAUNCHER = join(import.meta.dirname, '../../../bin/ntk.mjs');
/** Says at its end what the process took: its own threads, and those of ClickHouse in it. */
const REPORT_TAKEN = `data:text/javascript,process.on('exit',()=>process.stderr.write(JSON.stringify(process.resourceUsage())+'\\n'))`;

interface Run {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

interface Printed {
  readonly report: { readonly accesses: number; readonly quality: { readonly complete: boolean; readonly rowsStored: number } };
}

export const embedded: Benchmark = {
  name: 'run',
  title: 'From a file to stored rows: ntk run',
  measures:
    '`ntk run` on a new data folder, from starting the process to its end, when every row is stored and the summary is printed: reading the file, the log in SQLite, judging and ClickHouse in one process. The floor (c) inserts the same rows into the same table of another ClickHouse, Native from files of up to 500,000 rows, and nothing else. Bytes are of all tables, ledger included, as they lie there when the run is over.',
  doesNotShow:
    'Several machines, latency. Disks matter: every transaction is flushed. The floor starts no process and reads no JSON. Bytes depend on the traffic: here are 2,400 programs and ids that count up; merges that are still to come make them fewer.',
  figures: [
    { name: 'accesses', what: 'accesses from a file to stored rows', unit: '/s', better: 'more', targets: [80_000, 150_000] },
    { name: 'inserting', what: 'floor (c), rows', unit: '/s', better: 'more' },
    { name: 'cpu', what: 'ntk run, processor seconds a million accesses', unit: 's', better: 'less' },
    { name: 'insertingCpu', what: 'floor (c), the same', unit: 's', better: 'less' },
    { name: 'peakMb', what: 'largest resident set, ClickHouse included', unit: 'MB', better: 'less', targets: [1_500] },
    { name: 'bytes', what: 'bytes a stored access, compressed, all tables', unit: 'bytes', better: 'less', targets: [60] },
  ],
  ratios: [
    { name: 'run/inserting', what: 'ntk run over floor (c), by the clock', of: 'accesses', to: 'inserting' },
    { name: 'run/inserting core', what: 'ntk run over floor (c), a core', of: 'insertingCpu', to: 'cpu' },
  ],
  async prepare(stage) {
    const traffic = trafficFile(stage, stage.of(ACCESSES));
    writeFileSync(join(stage.folder, 'policy.yaml'), traffic.policyYaml);
    const userKeyFile = writeUserKey(stage.folder);
    const data = join(stage.folder, 'data');
    let files: NativeFiles | null = null;
    return {
      async round(isReversed) {
        // The rows of the round before: they are the same.
        const before = isReversed && files !== null ? await insertOnly(files, stage.folder) : null;
        const run = await runOnce(traffic, data, stage.folder, userKeyFile);
        files = await nativeFiles(data, stage.folder);
        const floor = before ?? (await insertOnly(files, stage.folder));
        return roundOf(traffic, run, files, floor);
      },
    };
  },
};

async function runOnce({ file, accesses }: TrafficFile, data: string, folder: string, userKeyFile: string): Promise<Run> {
  rmSync(data, { recursive: true, force: true });
  const inputs = ['--data', data, '--policy', join(folder, 'policy.yaml'), '--input', file];
  const args = [...NODE_OPTIONS, '--import', REPORT_TAKEN, LAUNCHER, 'run', '--json', ...inputs];
  const startedMs = performance.now();
  const env = environment({ ...MEMORY, NTK_USER_KEY_FILE: userKeyFile });
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')]);
  const seconds = (performance.now() - startedMs) / 1000;
  if (code !== 0) throw new Error(`ntk run ended with ${String(code)}: ${stderr}`);
  const { report } = JSON.parse(stdout) as Printed;
  const { complete, rowsStored } = report.quality;
  if (!complete || rowsStored !== accesses) throw new Error(`${rowsStored} rows of ${accesses} accesses are stored`);
  const taken = JSON.parse(stderr.trimEnd().split('\n').at(-1)!) as NodeJS.ResourceUsage;
  return { seconds, cpuSeconds: (taken.userCPUTime + taken.systemCPUTime) / 1e6, peakMb: taken.maxRSS / 1024 };
}

function roundOf({ accesses }: TrafficFile, run: Run, files: NativeFiles, floor: Inserted) {
  if (floor.rows !== accesses || floor.hash !== files.hash) throw new Error('the floor has other rows than were stored');
  return {
    figures: {
      accesses: accesses / run.seconds,
      inserting: accesses / floor.seconds,
      cpu: (run.cpuSeconds / accesses) * 1e6,
      insertingCpu: (floor.cpuSeconds / accesses) * 1e6,
      peakMb: run.peakMb,
      bytes: files.bytes / accesses,
    },
    hashes: { rows: files.hash },
  };
}
