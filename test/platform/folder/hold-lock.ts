/** A process that takes a lock, says so, and keeps it until it is killed: `node hold-lock.ts FILE`. */
import { tryLock } from '../../../services/platform/folder/lock.ts';

const lock = tryLock(process.argv[2] ?? '');
process.stdout.write('release' in lock ? 'held\n' : 'refused\n');
process.stdin.resume();
