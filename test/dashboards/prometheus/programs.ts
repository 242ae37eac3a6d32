/**
 * Prometheus, Alertmanager and their checking tools as the system has them. Where one is missing the tests fail and say in one line how
 * to get it: skipped, nobody would see that no alert arrives.
 */
import { spawn } from 'node:child_process';

/** `prometheus-alertmanager` is what Debian calls it; its makers, `alertmanager`. */
const NAMES = {
  prometheus: ['prometheus'],
  promtool: ['promtool'],
  alertmanager: ['prometheus-alertmanager', 'alertmanager'],
  amtool: ['amtool'],
} as const;
export type Program = keyof typeof NAMES;

export class ProgramMissing extends Error {
  constructor(program: Program) {
    super(
      `no ${program}: install it (Debian: apt-get install prometheus prometheus-alertmanager; macOS: brew install prometheus)`,
    );
    this.name = 'ProgramMissing';
  }
}

export interface Answer {
  readonly code: number | null;
  /** Both streams. */
  readonly said: string;
}

const found = new Map<Program, Promise<string>>();

/** The name under which it can be started. @throws ProgramMissing */
export function programFile(program: Program): Promise<string> {
  const known = found.get(program) ?? firstThatStarts(program);
  found.set(program, known);
  return known;
}

async function firstThatStarts(program: Program): Promise<string> {
  for (const name of NAMES[program]) if ((await run(name, ['--version'])) !== null) return name;
  throw new ProgramMissing(program);
}

/** To its end. @throws ProgramMissing */
export async function ask(program: Program, args: readonly string[]): Promise<Answer> {
  return (await run(await programFile(program), args))!;
}

/** Null: there is no such program. */
async function run(name: string, args: readonly string[]): Promise<Answer | null> {
  const child = spawn(name, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (piece: string) => (said += piece));
  return new Promise((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', (code) => resolve({ code, said }));
  });
}
