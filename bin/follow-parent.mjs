/**
 * The child's side of ntk.mjs: leave when the launcher is gone, however it went. The launcher holds the other end of a pipe and
 * never writes to it, so the only thing that can be read is its end. Loaded with `--import`; does nothing without the variable.
 */
import { Socket } from 'node:net';

/** Time for a clean stop after SIGTERM before the process is ended, in milliseconds; SIGKILL loses nothing, it only takes longer to start again. */
const STOP_MS_MAX = 30_000;

const fd = process.env.NTK_LIFELINE_FD;
// Processes and threads started from here inherit `--import` and the variables, but not the pipe.
delete process.env.NTK_LIFELINE_FD;

if (fd !== undefined) {
  const lifeline = new Socket({ fd: Number(fd), readable: true, writable: false });
  // A reset pipe is an ended one: 'close' follows.
  lifeline.on('error', () => {});
  lifeline.on('close', () => {
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), STOP_MS_MAX).unref();
    process.kill(process.pid, 'SIGTERM');
  });
  lifeline.resume();
  lifeline.unref();
}
