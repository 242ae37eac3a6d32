/** What another process of this machine has taken so far, as Linux knows it: of `ntk` itself, which is started as an operator does. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { CannotMeasure } from '../suite/benchmark.ts';

export interface TakenBy {
  /** Of all its threads. */
  readonly cpuSeconds: number;
  /** Largest resident set since it began. */
  readonly peakMb: number;
}

/** Places after the command's name in /proc/PID/stat (proc_pid_stat(5)): user and system time, in ticks. */
const USER_TIME = 11;
const SYSTEM_TIME = 12;
let ticksASecond = 0;

/**
 * Processor time since `before`, or since it began.
 * @throws CannotMeasure where there is no /proc
 */
export function takenBy(pid: number, before: TakenBy | null = null): TakenBy {
  try {
    ticksASecond ||= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
    // The name may have spaces and parentheses.
    const times = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const peakKb = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return {
      cpuSeconds: (Number(times[USER_TIME]) + Number(times[SYSTEM_TIME])) / ticksASecond - (before?.cpuSeconds ?? 0),
      peakMb: Number(peakKb) / 1024,
    };
  } catch (error) {
    throw new CannotMeasure(`what a process takes is read from /proc, as Linux has it (${(error as Error).message})`);
  }
}
