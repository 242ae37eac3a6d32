/** Traffic with as many pairs of program and category as a scorer may have to remember: each of many programs uses each of eight once. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { CATEGORIES } from '../../../schemas/codes.ts';
import { Random } from '../../reference/random.ts';
import type { Stage } from '../suite/stage.ts';
import type { TrafficFile } from './backlog.ts';

export const USED = CATEGORIES.slice(0, 8);
const USERS = 50_000;
const CHUNK_CHARACTERS = 1 << 20;
const DAY_MS = 86_400_000;

/** A limit and a baseline for each pair. */
const POLICY = `version: keys
actions: { undeclared_category: intercept }
modes: { default: enforce }
limits:
  - { name: each-kind, key: [program, category], count: 600, per: 1m, burst: 100 }
baselines: { enabled: true }
`;

const programOf = (index: number): string => `wx${index.toString(16).padStart(14, '0')}`;

function* linesOf(programs: number, startMs: number): Generator<string> {
  const time = new Date(startMs).toISOString();
  const purposes = [{ id: 'all', text: 'everything', categories: USED.map((category) => ({ category })) }];
  for (let index = 0; index < programs; index++) {
    const data = { version: 1, developer: `dev_${index % 700}`, name: `Program ${index}`, class: 'games', purposes };
    const head = { specversion: '1.0', id: `d-${index}`, source: 'host/ios', type: 'ntk.declaration' };
    yield JSON.stringify({ ...head, subject: programOf(index), time, data });
  }
  const random = new Random(1);
  const accesses = programs * USED.length;
  for (let n = 0; n < accesses; n++) {
    const at = new Date(startMs + Math.floor((n / accesses) * DAY_MS)).toISOString();
    const [program, category] = [programOf(n % programs), USED[Math.floor(n / programs)]!];
    yield `{"specversion":"1.0","id":"k-${n}","source":"host/ios","type":"ntk.access","subject":"${program}","time":"${at}",` +
      `"data":{"user":"u_${random.below(USERS)}","api":"button","category":"${category}","purpose":"all","page":"pages/map",` +
      '"foreground":true,"rows":1,"bytes":48,"outcome":"performed"}}';
  }
}

/** Of one day; `keys` is a multiple of eight. */
export function keysFile(stage: Stage, keys: number): TrafficFile {
  const file = join(stage.folder, 'keys.ndjson');
  const programs = keys / USED.length;
  const handle = openSync(file, 'w');
  let chunk = '';
  try {
    for (const line of linesOf(programs, stage.firstDayMs)) {
      chunk += `${line}\n`;
      if (chunk.length < CHUNK_CHARACTERS) continue;
      writeSync(handle, chunk);
      chunk = '';
    }
    writeSync(handle, chunk);
  } finally {
    closeSync(handle);
  }
  return { file, policyYaml: POLICY, records: programs + keys, accesses: keys };
}
