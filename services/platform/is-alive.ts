import { systemCodeOf } from './system-error.ts';

/** Whether a process of this machine runs, whoever it belongs to. */
export function isAlive(pid: number): boolean {
  try {
    // Signal 0 is not sent, only checked.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It runs and belongs to somebody else.
    return systemCodeOf(error) === 'EPERM';
  }
}
