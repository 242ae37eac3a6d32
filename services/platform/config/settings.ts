/**
 * Every setting of the running system, once: its name in the file, its values, and what a wrong one should have been. The name in the
 * environment follows: `httpPort` is `NTK_HTTP_PORT`.
 */
import { z } from 'zod';
import { parseOrdinal } from '../assignment/ordinal.ts';
import { LOG_LEVELS } from '../log-levels.ts';
import { SOURCE_NAMES_MAX } from '../metrics/bounded-names.ts';

const MIB = 1024 * 1024;

interface Setting<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema;
  /** Completes "must be ...". */
  readonly rule: string;
  /** In the environment, digits are meant as a number. */
  readonly isNumber?: true;
  /** Holds a password; a URL's is masked, anything else is not shown at all. */
  readonly secret?: 'url' | 'whole';
}

function whole(from: number, to: number, standard: number, unit = ''): Setting<z.ZodDefault<z.ZodInt>> {
  return {
    schema: z.int().min(from).max(to).default(standard),
    rule: `a whole number from ${from} to ${to}${unit === '' ? '' : ` (${unit})`}; ${standard} when it is left out`,
    isNumber: true,
  };
}

/** `host/a,host/b`: what NTK_SOURCES lists. */
export function sourcesOf(text: string): string[] {
  return text
    .split(',')
    .map((source) => source.trim())
    .filter((source) => source !== '');
}

const SASL_MECHANISMS = ['none', 'plain', 'scram-sha-256', 'scram-sha-512'] as const;

const httpUrl = z.string().refine((text) => ['http:', 'https:'].includes(URL.parse(text)?.protocol ?? ''));

export const SETTINGS = {
  data: { schema: z.string().min(1).default('./data'), rule: 'the path of a folder' },
  /** Null: ClickHouse inside this process. */
  clickhouseUrl: { schema: httpUrl.nullable().default(null), rule: 'a URL like http://127.0.0.1:8123', secret: 'url' },
  clickhouseUser: { schema: z.string().min(1).nullable().default(null), rule: 'a user name' },
  clickhousePassword: { schema: z.string().nullable().default(null), rule: 'a text', secret: 'whole' },
  /** Null: the log is in the data folder. */
  kafkaBrokers: {
    schema: z
      .string()
      .regex(/^[\w.-]+:\d{1,5}(?:,[\w.-]+:\d{1,5})*$/)
      .nullable()
      .default(null),
    rule: 'brokers as HOST:PORT, separated by commas',
  },
  /** Topics are `PREFIX.access.v1` and so on. */
  kafkaTopicPrefix: {
    schema: z
      .string()
      .regex(/^[\w-]{1,100}$/)
      .default('ntk'),
    rule: 'letters, digits, _ and -',
  },
  kafkaReplication: whole(1, 10, 3, '1 is only for trying out: docs/operating.md'),
  kafkaTls: { schema: z.enum(['off', 'on']).default('off'), rule: "'off' or 'on'" },
  /** Null: the certificates that the system trusts. */
  kafkaCaFile: { schema: z.string().min(1).nullable().default(null), rule: 'the path of a PEM file' },
  kafkaCertFile: { schema: z.string().min(1).nullable().default(null), rule: 'the path of a PEM file' },
  kafkaKeyFile: { schema: z.string().min(1).nullable().default(null), rule: 'the path of a PEM file' },
  kafkaSasl: { schema: z.enum(SASL_MECHANISMS).default('none'), rule: `one of ${SASL_MECHANISMS.join(', ')}` },
  kafkaUser: { schema: z.string().min(1).nullable().default(null), rule: 'a user name' },
  kafkaPassword: { schema: z.string().nullable().default(null), rule: 'a text', secret: 'whole' },
  /** Which partitions a scorer or writer of several has. */
  assignment: {
    schema: z
      .string()
      .refine((text) => text === 'all' || text === 'group' || parseOrdinal(text) !== null)
      .default('all'),
    rule: "'all', 'group' (scorers on Kafka share them among each other) or I/N, like 0/2 for the first of two",
  },
  httpHost: {
    schema: z
      .string()
      .regex(/^[\w.:-]+$/)
      .default('127.0.0.1'),
    rule: 'an address to listen on, like 127.0.0.1',
  },
  httpPort: whole(0, 65_535, 7077, '0: any free port'),
  /** Null: what the log has, or 4 for a new one. It is chosen once. */
  partitions: {
    schema: z.int().min(1).max(1024).nullable().default(null),
    rule: 'a whole number from 1 to 1024',
    isNumber: true,
  },
  storeUser: { schema: z.enum(['hashed', 'plain']).default('hashed'), rule: "'hashed' or 'plain'" },
  /** Null: the key in the data folder, made with it. */
  userKeyFile: { schema: z.string().min(1).nullable().default(null), rule: 'the path of a file' },
  /** Whose facts of authority count. Null: on a data folder everybody's, on Kafka those that are signed. */
  authority: { schema: z.enum(['open', 'signed']).nullable().default(null), rule: "'open' or 'signed'" },
  /** Public root keys, which put other keys in force. */
  rootKeysFile: { schema: z.string().min(1).nullable().default(null), rule: 'the path of a file' },
  /** Private key for the facts of authority that commands publish. */
  signingKeyFile: { schema: z.string().min(1).nullable().default(null), rule: 'the path of a file' },
  logLevel: { schema: z.enum(LOG_LEVELS).default('info'), rule: `one of ${LOG_LEVELS.join(', ')}` },
  // The scorer: of one batch, and of a checkpoint.
  batchRecordsMax: whole(1, 100_000, 5_000, 'records'),
  batchBytesMax: whole(MIB, 64 * MIB, 4 * MIB, 'bytes'),
  checkpointIntervalMs: whole(1_000, 3_600_000, 30_000, 'milliseconds'),
  checkpointRecords: whole(1_000, 100_000_000, 250_000, 'records'),
  // The writer: of one insert, which is one block in the engine's memory.
  groupWaitMs: whole(10, 60_000, 500, 'milliseconds'),
  groupRowsMax: whole(1_000, 2_000_000, 500_000, 'rows'),
  groupBytesMax: whole(MIB, 128 * MIB, 64 * MIB, 'bytes'),
  /** How far a process that only writes lets others of its machine go first, as of the command `nice`: docs/operating.md. */
  writerNice: whole(0, 19, 5),
  /** Whether blocks are counted when they are stored: docs/clickhouse-at-scale.md. */
  rollups: { schema: z.enum(['off', 'on']).default('off'), rule: "'off' or 'on'" },
  // State of one partition: alarmed at 80 %.
  statePrograms: whole(1_000, 10_000_000, 200_000, 'programs a partition'),
  stateConsents: whole(1_000, 100_000_000, 5_000_000, 'consents a partition'),
  stateLimitKeys: whole(1_000, 100_000_000, 2_000_000, 'limit keys a partition'),
  stateBaselineKeys: whole(1_000, 100_000_000, 2_000_000, 'baselines (a program and a category each) a partition'),
  /** Knowledge across programs (docs/priors.md). */
  aggregator: { schema: z.enum(['on', 'off']).default('on'), rule: "'on' or 'off'" },
  /** Null: only the system's own token. */
  gatewayTokensFile: {
    schema: z.string().min(1).nullable().default(null),
    rule: 'the path of a file; ntk tokens make writes it',
  },
  // The gateway: of one request, and of all that are under way.
  gatewayBodyBytesMax: whole(1_024, 64 * MIB, 8 * MIB, 'bytes'),
  gatewayRecordsMax: whole(1, 100_000, 20_000, 'records'),
  gatewayInFlightBytesMax: whole(MIB, 4096 * MIB, 64 * MIB, 'bytes'),
  /** Between two heartbeats through the whole way, by whoever has the door. */
  heartbeatSeconds: whole(0, 3_600, 60, 'seconds; 0: none are sent'),
  /** Null: sources that look like names are shown in metrics. */
  sources: {
    schema: z
      .string()
      .refine((text) => sourcesOf(text).length <= SOURCE_NAMES_MAX && !sourcesOf(text).some((source) => source.length > 100))
      .nullable()
      .default(null),
    rule: `sources separated by commas, at most ${SOURCE_NAMES_MAX} of at most 100 characters: the only ones that metrics show, each missed when it is silent`,
  },
} as const satisfies Readonly<Record<string, Setting>>;

export type SettingName = keyof typeof SETTINGS;

export type Config = { readonly [Name in SettingName]: z.infer<(typeof SETTINGS)[Name]['schema']> };

export function isNumber(name: SettingName): boolean {
  const setting: Setting = SETTINGS[name];
  return setting.isNumber === true;
}

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** Of the whole file: a name that is none is an error. */
export const configSchema = z.strictObject(Object.fromEntries(SETTING_NAMES.map((name) => [name, SETTINGS[name].schema])));

/** `httpPort` is `NTK_HTTP_PORT`. */
export function environmentName(name: SettingName): string {
  return `NTK_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** A setting's value for people: without what is secret. */
export function shown(name: SettingName, value: unknown): string {
  const setting: Setting = SETTINGS[name];
  if (value === null || value === undefined) return 'not set';
  if (setting.secret === 'whole') return '***';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return setting.secret === 'url' ? maskUrl(text) : text;
}

/** Also of what is no URL, where a password may stand all the same. */
function maskUrl(text: string): string {
  return text.replace(
    /^([^/]*\/\/)?([^/]*)@/,
    (_, scheme: string | undefined, user: string) => `${scheme ?? ''}${user.split(':', 1)[0]}:***@`,
  );
}
