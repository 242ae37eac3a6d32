/**
 * Logs: one JSON object a line on standard error (pino), or short lines when a person looks on. Standard output belongs to what a
 * command prints. User ids, tokens and passwords are removed wherever they stand under these names.
 */
import { isatty } from 'node:tty';
import { type DestinationStream, destination, pino, type Logger as PinoLogger } from 'pino';
import type { LogLevel } from './log-levels.ts';

export type Logger = PinoLogger;

interface LoggerOptions {
  readonly level: LogLevel;
  /** Default: standard error. */
  readonly output?: DestinationStream;
  /** Short lines in place of JSON. Default: when standard error is a terminal. */
  readonly short?: boolean;
}

const STDERR = 2;
/** What waits for a disk that is full; what comes then is not logged. Characters. */
const WAITING_MAX = 65_536;
const SECRET_KEYS = ['user', 'userId', 'users', 'userKey', 'token', 'password', 'authorization'] as const;
const REDACTED = '[removed]';

export function createLogger({ level, output, short = isatty(STDERR) }: LoggerOptions): Logger {
  // Written at once: the last line before a crash is the one that is needed.
  const to = output ?? toStandardError();
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: REDACTED },
      serializers: { err: briefError },
    },
    short ? shortLines(to) : to,
  );
}

/** A service that cannot log goes on without: it would stop for a disk that only its logs need. */
function toStandardError(): DestinationStream {
  const to = destination({ fd: STDERR, sync: true, maxLength: WAITING_MAX });
  to.on('error', () => {});
  return to;
}

/** What happened and where in the code; a chain of causes in one line each. */
function briefError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    stack: error.stack,
    ...(error.cause instanceof Error ? { cause: error.cause.message } : {}),
  };
}

interface Line {
  readonly time?: string;
  readonly level?: string;
  readonly msg?: string;
  readonly err?: { readonly message?: string; readonly stack?: string };
  readonly [key: string]: unknown;
}

/** `10:15:02 warn  the warehouse is away  code=UNREACHABLE retryInMs=200` */
function shortLines(to: DestinationStream): DestinationStream {
  return {
    write: (text) => {
      const { time = '', level = '', msg = '', err, ...rest } = JSON.parse(text) as Line;
      const fields = Object.entries(rest).map(
        ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
      );
      const parts = [
        time.slice(11, 19),
        level.padEnd(5),
        oneLine([msg, err?.message].filter(Boolean).join(': ')),
        oneLine(fields.join(' ')),
      ];
      const stack = err?.stack !== undefined && (level === 'error' || level === 'fatal') ? `${err.stack}\n` : '';
      to.write(`${parts.filter((part) => part !== '').join(' ')}\n${stack}`);
    },
  };
}

/** What others wrote cannot begin a line of its own or steer the terminal. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
