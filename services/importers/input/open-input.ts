/**
 * Opens what `--input` names: a file, a named pipe or `-` for standard input; plain, gzip or zstd by its first bytes. The SHA-256 of
 * the bytes as stored is known before the first record is read, because the import ledger is looked up by it.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { systemCodeInWords, systemCodeOf } from '../../platform/system-error.ts';
import { type Compression, compressionOf, foreignFormatOf, MAGIC_BYTES } from './compression.ts';
import { type Damage, inflate } from './inflate.ts';
import { type InputProblem, isInputProblem } from './problem.ts';
import { type Source, spool } from './spool.ts';

/** Bytes of a file that are read at once. */
const READ_BYTES = 1024 * 1024;
const READ_CHUNK_BYTES = 512 * 1024;

interface OpenOptions {
  /** Read when the path is `-`. */
  readonly stdin?: Source;
  /** Where input is kept that can be read only once; a folder in the data folder. */
  readonly spoolFolder: string;
  /** In messages. @default its path, or `standard input` */
  readonly called?: string;
  /** Ends the waiting for an input that has not come whole. */
  readonly signal?: AbortSignal;
}

/** An input that was opened and hashed. Read `chunks`, one time after the other, then `close`. */
export class Input {
  /** Base name of the file, or `stdin`. */
  readonly name: string;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly compression: Compression;
  /** Of the bytes as stored, for progress. */
  readBytes = 0;
  /** Set when `chunks` ended before the content did. */
  problem: InputProblem | null = null;

  /** As it was named, or `standard input`; for messages. */
  readonly path: string;

  readonly #file: FileHandle;

  constructor(
    path: string,
    file: FileHandle,
    facts: { sha256: string; sizeBytes: number; compression: Compression; called?: string },
  ) {
    this.name = path === '-' ? 'stdin' : basename(path);
    this.sha256 = facts.sha256;
    this.sizeBytes = facts.sizeBytes;
    this.compression = facts.compression;
    this.path = facts.called ?? nameOf(path);
    this.#file = file;
  }

  /** The content, decompressed. Chunks are fresh buffers of at most 512 KiB. */
  async *chunks(): AsyncGenerator<Buffer> {
    const seen = createHash('sha256');
    this.readBytes = 0;
    this.problem = null;
    try {
      if (this.compression === 'plain') {
        for (let at = 0; at < this.sizeBytes; ) {
          const chunk = await this.#read(at, READ_CHUNK_BYTES, seen);
          at += chunk.length;
          yield chunk;
        }
      } else {
        const damage = yield* inflate(this.compression, (at, bytes) => this.#read(at, bytes, seen));
        if (damage !== null) this.problem = this.#damaged(damage);
      }
    } catch (error) {
      if (error === CHANGED) this.problem = this.#changed();
      else if (isReadError(error)) this.problem = unreadable(this.path, error);
      else throw error;
      return;
    }
    if (this.problem === null && seen.digest('hex') !== this.sha256) this.problem = this.#changed();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** At most `bytes` from `at` on and never beyond the size that was hashed: a file that only grows is read as it was. */
  async #read(at: number, bytes: number, seen: Hash): Promise<Buffer> {
    const wanted = Math.min(bytes, this.sizeBytes - at);
    if (wanted <= 0) return Buffer.alloc(0);
    const { buffer, bytesRead } = await this.#file.read(Buffer.allocUnsafeSlow(wanted), 0, wanted, at);
    if (bytesRead === 0) throw CHANGED;
    // Reading again after damage and over the end of a member meets bytes that were hashed already.
    const fresh = at + bytesRead - this.readBytes;
    if (fresh > 0) {
      seen.update(buffer.subarray(bytesRead - fresh, bytesRead));
      this.readBytes += fresh;
    }
    return bytesRead === wanted ? buffer : buffer.subarray(0, bytesRead);
  }

  #damaged(damage: Damage): InputProblem {
    const what = damage.truncated ? 'ends in the middle of its' : `has damaged`;
    return {
      code: 'input_damaged',
      message: `${this.path} ${what} ${this.compression} data at byte ${damage.position} (${damage.detail}); what came before was read`,
    };
  }

  #changed(): InputProblem {
    return { code: 'input_changed', message: `${this.path} was changed while it was read, near byte ${this.readBytes}` };
  }
}

const CHANGED = new Error('file became shorter');

/** What can be seen to be wrong with an input before all of it is read; null too for what can be read only once, which is not touched. */
export async function problemAtSight(path: string): Promise<InputProblem | null> {
  if (path === '-') return null;
  try {
    const facts = await stat(path);
    if (facts.isDirectory()) return aFolder(path);
    if (!facts.isFile() || facts.size === 0) return null;
    const file = await open(path, 'r');
    const head = await headOf(path, { file, sizeBytes: facts.size });
    if (isInputProblem(head)) return head;
    await file.close();
    return foreign(path, head);
  } catch (error) {
    if (!isReadError(error)) throw error;
    return unreadable(path, error);
  }
}

/** Opens and hashes an input. A problem when there is no such file or it cannot be read here. */
export async function openInput(path: string, options: OpenOptions): Promise<Input | InputProblem> {
  const opened = await openStored(path, options);
  if (isInputProblem(opened)) return opened;
  const { file, sizeBytes, sha256 } = opened;
  const head = await headOf(path, opened);
  if (isInputProblem(head)) return head;
  const problem = foreign(path, head);
  if (problem !== null) {
    await file.close();
    return problem;
  }
  const { called = nameOf(path) } = options;
  return new Input(path, file, { sha256, sizeBytes, compression: compressionOf(head), called });
}

function foreign(path: string, head: Buffer): InputProblem | null {
  const format = foreignFormatOf(head);
  return format === null ? null : { code: 'input_unsupported', message: `${path} is ${format}: unpack it first` };
}

/** The first bytes. Some files can be opened and not be read, whatever size they say that they have. */
async function headOf(path: string, { file, sizeBytes }: Omit<Stored, 'sha256'>): Promise<Buffer | InputProblem> {
  try {
    return (await file.read(Buffer.alloc(MAGIC_BYTES), 0, MAGIC_BYTES, 0)).buffer.subarray(0, sizeBytes);
  } catch (error) {
    await file.close();
    if (!isReadError(error)) throw error;
    return unreadable(nameOf(path), error);
  }
}

type Stored = { readonly file: FileHandle; readonly sizeBytes: number; readonly sha256: string };

async function openStored(path: string, { stdin, spoolFolder, signal }: OpenOptions): Promise<Stored | InputProblem> {
  const spooled = async (source: Source): Promise<Stored | InputProblem> =>
    (await spool(source, spoolFolder, signal)) ?? stoppedAt(path);
  try {
    if (path === '-') {
      if (stdin === undefined) return { code: 'input_unreadable', message: 'there is no standard input to read' };
      return await spooled(stdin);
    }
    const facts = await stat(path);
    if (facts.isDirectory()) return aFolder(path);
    // Some file systems give no size to what they make when it is read (/proc, and ways to files that lie elsewhere).
    if (!facts.isFile() || facts.size === 0) return await spooled(createReadStream(path));
    return (await hashed(await open(path, 'r'), facts.size, signal)) ?? stoppedAt(path);
  } catch (error) {
    if (!isReadError(error)) throw error;
    return unreadable(nameOf(path), error);
  }
}

function aFolder(path: string): InputProblem {
  return { code: 'input_unreadable', message: `${path} is a folder, not a file` };
}

function nameOf(path: string): string {
  return path === '-' ? 'standard input' : path;
}

function stoppedAt(path: string): InputProblem {
  return { code: 'input_stopped', message: `stopped before all of ${nameOf(path)} had come; nothing of it was read` };
}

/** Hashes the first `sizeBytes` of a file; one that became shorter meanwhile is taken as it is. Null when it was stopped. */
async function hashed(file: FileHandle, sizeBytes: number, signal?: AbortSignal): Promise<Stored | null> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(READ_BYTES, sizeBytes)));
  let at = 0;
  try {
    while (at < sizeBytes && !signal?.aborted) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, sizeBytes - at), at);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
  } catch (error) {
    await file.close();
    throw error;
  }
  if (signal?.aborted) {
    await file.close();
    return null;
  }
  return { file, sizeBytes: at, sha256: hash.digest('hex') };
}

/** Errors of the system calls themselves (`ENOENT`, `EACCES`, `EIO`); anything else is a bug and thrown on. */
function isReadError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function unreadable(path: string, error: unknown): InputProblem {
  const code = systemCodeOf(error) ?? '';
  if (code === 'ENOENT') return { code: 'input_not_found', message: `${path}: no such file` };
  const advice = ADVICE[code];
  return {
    code: 'input_unreadable',
    message: `${path} cannot be read (${systemCodeInWords(error)})${advice === undefined ? '' : `: ${advice}`}`,
  };
}

const TOO_MANY = 'too many files are open at once; name fewer inputs in one command, or let it open more (ulimit -n)';

/** What to do about errors of the system that users can do something about. */
const ADVICE: Readonly<Record<string, string>> = {
  EACCES: 'whoever runs this may not read it; check the rights of the file and its folders',
  EMFILE: TOO_MANY,
  ENFILE: TOO_MANY,
};
