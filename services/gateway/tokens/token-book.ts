/**
 * The tokens in force. The file is looked at again when it has changed, at most once a second and only when somebody asks, so a token
 * that was taken out of it stops without a restart. A file that is broken or gone changes nothing but is said in the log: taking the
 * door from all hosts at once is worse than keeping the tokens of a moment ago.
 */
import { timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Clock } from '../../platform/clock.ts';
import { bearerOf, tokenDigest } from '../../platform/http/bearer.ts';
import type { Logger } from '../../platform/logger.ts';
import { systemCodeInWords, systemCodeOf } from '../../platform/system-error.ts';
import { parseTokenFile, type Token } from './token-file.ts';

interface TokenBookOptions {
  /** Null: only the system's own token. */
  readonly file: string | null;
  /** May send everything; of the embedded profile. Asked again with each look, since it may be another process's. Null: none. */
  readonly systemToken: () => string | null;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'info' | 'error'>;
}

export type Asked = { readonly token: Token } | { readonly refused: 'missing' | 'unknown' | 'expired' };

/** In one line what is wrong with a file of tokens, and where. */
export class TokenFileError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TokenFileError';
  }
}

/** Between two looks at the file. */
const LOOK_MS = 1_000;
/** No name in a file can be this. */
const SYSTEM_NAME = '(system)';
const PROBLEMS_SAID_MAX = 20;

interface Known {
  readonly token: Token;
  readonly digest: Buffer;
  readonly expiresAtMs: number;
}

export class TokenBook {
  readonly #options: TokenBookOptions;
  #system: Known | null;
  #byDigest: ReadonlyMap<string, Known>;
  #names: ReadonlySet<string> = new Set();
  /** Of the file as it was last looked at, good or bad. */
  #seen: string | null = null;
  #lookedAtMs: number;
  #isBroken = false;

  /** @throws TokenFileError when there is a file to begin with and it is not right */
  constructor(options: TokenBookOptions) {
    const { file, systemToken, clock } = options;
    this.#options = options;
    this.#system = ofSystem(systemToken());
    this.#byDigest = new Map();
    this.#lookedAtMs = clock.monotonicMs();
    if (file === null) return;
    this.#seen = versionOf(file);
    this.#take(read(file));
  }

  /** @param authorization the request's header */
  find(authorization: string | undefined): Asked {
    if (this.#options.clock.monotonicMs() - this.#lookedAtMs >= LOOK_MS) this.look();
    const presented = bearerOf(authorization);
    if (presented === null) return { refused: 'missing' };
    const digest = tokenDigest(presented);
    // How long the look-up takes tells of a digest that nobody can choose; the comparison itself takes the same time always.
    const found = this.#byDigest.get(digest.toString('hex')) ?? this.#system;
    if (found === null || !timingSafeEqual(found.digest, digest)) return { refused: 'unknown' };
    return this.#options.clock.nowMs() < found.expiresAtMs ? { token: found.token } : { refused: 'expired' };
  }

  get hasFile(): boolean {
    return this.#options.file !== null;
  }

  /** Names of the tokens of the file. */
  get names(): ReadonlySet<string> {
    return this.#names;
  }

  /** The file is broken or gone, and the tokens are those that it had before. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Reads the file again if it has changed; also when the process is told to (SIGHUP). */
  look(): void {
    const { file, systemToken, clock, logger } = this.#options;
    this.#lookedAtMs = clock.monotonicMs();
    this.#system = ofSystem(systemToken());
    if (file === null) return;
    const version = versionOf(file);
    if (version === this.#seen) return;
    this.#seen = version;
    try {
      this.#take(read(file));
      this.#isBroken = false;
      logger.info({ file, tokens: this.#names.size }, 'tokens read again');
    } catch (error) {
      if (!(error instanceof TokenFileError)) throw error;
      this.#isBroken = true;
      logger.error({ file, reason: error.message }, 'the tokens of before stay in force: the file is not right');
    }
  }

  #take(tokens: readonly Token[]): void {
    this.#byDigest = new Map(tokens.map((token) => [token.sha256, known(token)]));
    this.#names = new Set(tokens.map(({ name }) => name));
  }
}

function ofSystem(token: string | null): Known | null {
  if (token === null) return null;
  return known({ name: SYSTEM_NAME, sha256: tokenDigest(token).toString('hex'), sources: ['*'], types: null });
}

function known(token: Token): Known {
  return {
    token,
    digest: Buffer.from(token.sha256, 'hex'),
    expiresAtMs: token.expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(token.expires),
  };
}

/** Changes with every writing and replacing of the file; null when it cannot be reached. Taken before reading: a change meanwhile is seen. */
function versionOf(file: string): string | null {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
    return `${ino}:${size}:${mtimeNs}:${ctimeNs}`;
  } catch (error) {
    if (systemCodeOf(error) === null) throw error;
    return null;
  }
}

/** @throws TokenFileError */
function read(file: string): readonly Token[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === null) throw error;
    throw new TokenFileError(`${file} cannot be read (${systemCodeInWords(error)}); ntk tokens make writes one`);
  }
  const parsed = parseTokenFile(text);
  if (parsed.ok) return parsed.tokens;
  const said = parsed.problems.slice(0, PROBLEMS_SAID_MAX).map(({ line, message }) => `${file}:${line}: ${message}`);
  throw new TokenFileError(said.join('; '));
}
