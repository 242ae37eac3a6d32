/** The topics as an AsyncAPI 3 document: who writes what where, with which key (contracts.md sections 1.8 and 4). */
import { z } from 'zod';
import { RECORD_TYPES, type RecordType } from './codes.ts';
import { EVENT_DATA_SCHEMAS, eventSchema } from './events/index.ts';
import { rejectSchema } from './results/reject.ts';
import { heartbeatAnswerSchema, verdictSchema } from './results/verdict.ts';

type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

/** Raised when a topic or a message changes; independent of releases. */
const CONTRACT_VERSION = '1.0.0';
const BINDING_VERSION = '0.5.0';
const PARTITIONS = 16;
const DAY_MS = 86_400_000;
/** So that a month can be rehearsed. */
const ACCESS_RETENTION_DAYS = 35;
const ACCESS_MESSAGE_BYTES_MAX = 4 * 1024 * 1024;

/** AsyncAPI schema objects are a superset of JSON Schema draft 7. */
function schemaObject(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', target: 'draft-07' });
  return rest as Json;
}

function keyedBy(description: string): Json {
  return { kafka: { key: { type: 'string', description }, bindingVersion: BINDING_VERSION } };
}

function recordMessage(type: RecordType): Json {
  const description = EVENT_DATA_SCHEMAS[type].description ?? type;
  return {
    name: type,
    title: description,
    contentType: 'application/cloudevents+json',
    payload: { $ref: `#/components/schemas/${type}` },
    bindings: keyedBy(
      '`subject`: the program id, or `*`. The partition is (murmur2(key) & 0x7fffffff) % partitions; of `*` as asked.',
    ),
  };
}

function jsonMessage(name: string, schema: z.ZodType, key: string): Json {
  const payload = { $ref: `#/components/schemas/${name}` };
  return { name, title: schema.description ?? name, contentType: 'application/json', payload, bindings: keyedBy(key) };
}

function binaryMessage(name: string, title: string, key: string): Json {
  const payload = { type: 'string', format: 'binary', description: title };
  return { name, title, contentType: 'application/octet-stream', payload, bindings: keyedBy(key) };
}

const RECORD_MESSAGES: readonly (readonly [string, Json])[] = RECORD_TYPES.map((type) => [type, recordMessage(type)]);

const RESULT_MESSAGES: readonly (readonly [string, Json])[] = [
  [
    'block',
    binaryMessage(
      'block',
      'What a scorer made of one batch: a header as JSON, its length first, then result rows as ClickHouse RowBinary, back to back.',
      'Empty; the partition is the one of the source.',
    ),
  ],
];
const VERDICT_MESSAGES: readonly (readonly [string, Json])[] = [
  ['verdict', jsonMessage('verdict', verdictSchema, 'Program id.')],
  ['heartbeat-answer', jsonMessage('heartbeat-answer', heartbeatAnswerSchema, 'Empty.')],
];
const REJECT_MESSAGES: readonly (readonly [string, Json])[] = [['reject', jsonMessage('reject', rejectSchema, 'Empty.')]];
const CHECKPOINT_MESSAGES: readonly (readonly [string, Json])[] = [
  [
    'checkpoint',
    binaryMessage(
      'checkpoint',
      "A page of a partition's state, or the manifest that completes a checkpoint.",
      'Which page, or which manifest.',
    ),
  ],
];

interface Channel {
  readonly address: string;
  readonly description: string;
  readonly messages: readonly (readonly [string, Json])[];
  readonly topicConfiguration: Json;
  readonly replicas?: number;
}

const CHANNELS: Readonly<Record<string, Channel>> = {
  access: {
    address: 'ntk.access.v1',
    description: 'Accesses and facts, keyed by program: one total order for each program, of which all state is a function.',
    messages: RECORD_MESSAGES,
    replicas: 3,
    topicConfiguration: {
      'cleanup.policy': ['delete'],
      'retention.ms': ACCESS_RETENTION_DAYS * DAY_MS,
      'max.message.bytes': ACCESS_MESSAGE_BYTES_MAX,
      'message.timestamp.type': 'LogAppendTime',
      'min.insync.replicas': 2,
      'unclean.leader.election.enable': false,
    },
  },
  results: {
    address: 'ntk.results.v1',
    description: 'One block a record, in the partition of its source.',
    messages: RESULT_MESSAGES,
    topicConfiguration: { 'cleanup.policy': ['delete'] },
  },
  verdicts: {
    address: 'ntk.verdicts.v1',
    description: 'Verdicts other than `allow`, every verdict on a `pending` access, and answers to heartbeats. For hosts.',
    messages: VERDICT_MESSAGES,
    topicConfiguration: { 'cleanup.policy': ['delete'] },
  },
  rejects: {
    address: 'ntk.rejects.v1',
    description: 'Records that could not be read, with their bytes, the reason and where they came from.',
    messages: REJECT_MESSAGES,
    topicConfiguration: { 'cleanup.policy': ['delete'] },
  },
  checkpoints: {
    address: 'ntk.checkpoints.v1',
    description: 'The state of each partition at an offset.',
    messages: CHECKPOINT_MESSAGES,
    topicConfiguration: { 'cleanup.policy': ['compact'] },
  },
};

/** From the system's own point of view: `receive` is what it reads. */
const OPERATIONS: Readonly<Record<string, readonly ['send' | 'receive', keyof typeof CHANNELS, string]>> = {
  scoreRecords: ['receive', 'access', 'Judge each access and take up each fact.'],
  publishBlocks: ['send', 'results', 'Result rows and their place in the ledger, in the transaction that moves the position.'],
  storeBlocks: ['receive', 'results', 'Insert rows and ledger entries into ClickHouse.'],
  publishVerdicts: ['send', 'verdicts', 'Tell hosts what to stop.'],
  publishRejects: ['send', 'rejects', 'Keep what could not be read.'],
  saveCheckpoints: ['send', 'checkpoints', 'Save the state.'],
  restoreCheckpoints: ['receive', 'checkpoints', 'Start from a saved state.'],
};

function channelObject({ address, description, messages, replicas, topicConfiguration }: Channel): Json {
  const kafka = {
    partitions: PARTITIONS,
    ...(replicas === undefined ? {} : { replicas }),
    topicConfiguration,
    bindingVersion: BINDING_VERSION,
  };
  const refs = messages.map(([name]) => [name, { $ref: `#/components/messages/${name}` }]);
  return { address, description, messages: Object.fromEntries(refs) as Json, bindings: { kafka } };
}

function operationObject(action: string, channel: string, summary: string): Json {
  const messages = CHANNELS[channel]!.messages.map(([name]) => ({ $ref: `#/channels/${channel}/messages/${name}` }));
  return { action, channel: { $ref: `#/channels/${channel}` }, summary, messages };
}

/** The whole document, plain JSON; the same on every call. */
export function asyncApiDocument(): Json {
  const schemas = [
    ...RECORD_TYPES.map((type) => [type, schemaObject(eventSchema(type))]),
    ['verdict', schemaObject(verdictSchema)],
    ['heartbeat-answer', schemaObject(heartbeatAnswerSchema)],
    ['reject', schemaObject(rejectSchema)],
  ];
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Need to Know',
      version: CONTRACT_VERSION,
      description: 'What hosts send about accesses of personal data, and what the monitor says about them.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(Object.entries(CHANNELS).map(([name, channel]) => [name, channelObject(channel)])),
    operations: Object.fromEntries(Object.entries(OPERATIONS).map(([name, operation]) => [name, operationObject(...operation)])),
    components: {
      messages: Object.fromEntries(Object.values(CHANNELS).flatMap(({ messages }) => messages)),
      schemas: Object.fromEntries(schemas) as Json,
    },
  };
}
