/** TLS, SASL and ACLs against a broker that has them. The plain listener is the operator's. */
import { type Admin, Kafka, logLevel, type SASLOptions } from 'kafkajs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../../services/platform/clock.ts';
import { type EventLog, LogError } from '../../../../services/platform/log/event-log.ts';
import { type Acl, aclsOf, type Principal } from '../../../../services/platform/log/kafka/acls.ts';
import { PartitionGroup } from '../../../../services/platform/log/kafka/partition-group.ts';
import { scorersGroup } from '../../../../services/platform/log/kafka/topics.ts';
import { openServerWarehouse } from '../../../../services/platform/warehouse/server/open-server-warehouse.ts';
import { systemHealth } from '../../../../services/system/running/system-health.ts';
import { Writer } from '../../../../services/writer/writer.ts';
import { startBroker, type TestBroker } from '../../../kafka/broker.ts';
import { Authority } from '../../../kafka/certificates.ts';
import { allowKafkaItsTime } from '../../../kafka/shared-broker.ts';
import { administrate } from '../../../kafka/topics.ts';
import { block, TestLogs, textsOf, values } from './open-test-log.ts';

const PASSWORD = 'correct horse battery staple';
/** kafkajs's numbers: AclResourceTypes, ResourcePatternTypes, AclOperationTypes, AclPermissionTypes. */
const RESOURCE = { topic: 2, group: 3, transactionalId: 5 } as const;
const PATTERN = { literal: 3, prefixed: 4 } as const;
const OPERATION = { Read: 3, Write: 4, Create: 5, Describe: 8, DescribeConfigs: 10 } as const;
const ALLOW = 3;
const ANY = 1;
const ALL_HOSTS = '*';
/** Of joining a group. */
const FAILURES_MAX = 8;

allowKafkaItsTime();
let broker: TestBroker;
let authority: Authority;
let stranger: Authority;
const logs = new TestLogs(() => broker);
beforeAll(async () => {
  [authority, stranger] = await Promise.all([Authority.create(), Authority.create()]);
  const { key, cert } = await authority.issue('broker');
  broker = await startBroker({
    listeners: { TLS: 'SSL', SASL: 'SASL_SSL' },
    passwords: { scorer: PASSWORD, writer: PASSWORD, gateway: PASSWORD, reader: PASSWORD },
    properties: {
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.key': key,
      'ssl.keystore.certificate.chain': cert,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.certificates': authority.certificate,
      'listener.name.tls.ssl.client.auth': 'required',
      'listener.name.sasl.sasl.enabled.mechanisms': 'SCRAM-SHA-512,PLAIN',
      'listener.name.sasl.scram-sha-512.sasl.jaas.config': 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
      'listener.name.sasl.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required user_host="${PASSWORD}" user_importer="${PASSWORD}";`,
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
    },
  });
});
afterAll(async () => {
  authority.remove();
  stranger.remove();
  await broker.stop();
});

let prefix: string;
beforeEach(async () => {
  prefix = logs.newPrefix();
  await logs.open(prefix);
});
afterEach(async () => {
  await logs.closeAll();
});

async function allow(principal: string, acls: readonly Acl[]): Promise<void> {
  const acl = acls.flatMap(({ resource, name, pattern, operations }) =>
    operations.map((operation) => ({
      principal: `User:${principal}`,
      host: ALL_HOSTS,
      resourceType: RESOURCE[resource],
      resourceName: name,
      resourcePatternType: PATTERN[pattern],
      operation: OPERATION[operation],
      permissionType: ALLOW,
    })),
  );
  await administrate(broker, async (admin) => {
    await admin.createAcls({ acl });
    // Made is not known: the broker learns of them from the controller's log, a moment later.
    await expect.poll(() => knownOf(admin, principal)).toBeGreaterThanOrEqual(acl.length);
  });
}

async function knownOf(admin: Admin, principal: string): Promise<number> {
  const any = { resourceType: ANY, resourcePatternType: ANY, operation: ANY, permissionType: ANY };
  const { resources } = await admin.describeAcls({ ...any, principal: `User:${principal}` });
  return resources.reduce((known, { acls }) => known + acls.length, 0);
}

const scram = (username: string, password = PASSWORD): SASLOptions => ({ mechanism: 'scram-sha-512', username, password });
const plain = (username: string, password = PASSWORD): SASLOptions => ({ mechanism: 'plain', username, password });

const overSasl = (sasl: SASLOptions, ca = authority.certificate) =>
  logs.open(prefix, { brokers: [broker.addressOf('SASL')], ssl: { ca }, sasl, create: false, tryingMs: 1_500 });

async function refusal(attempt: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await attempt.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(LogError);
  const { code, message } = error as LogError;
  expect(message).not.toMatch(/\n/);
  expect(message).not.toContain(PASSWORD);
  expect(message).not.toContain('guess');
  return { code, message };
}

describe('TLS', () => {
  test('with a certificate on both sides lets in whom the authority knows', async () => {
    const { key, cert } = await authority.issue('scorer-1');
    await allow('CN=scorer-1', aclsOf('scorer', prefix));
    const log = await logs.open(prefix, {
      brokers: [broker.addressOf('TLS')],
      ssl: { ca: authority.certificate, key, cert },
      create: false,
    });
    expect(await (await log.claim('scorer', 0)).commit(block('a'))).toMatchObject({ status: 'committed' });
  });

  test('with a broker of an unknown authority, or without a certificate that the broker knows, is refused in one line', async () => {
    const brokers = [broker.addressOf('TLS')];
    const { key, cert } = await stranger.issue('scorer-1');
    const open = (ssl: object) => refusal(logs.open(prefix, { brokers, ssl, create: false, tryingMs: 1_500 }));
    const unknown = await open({ ca: stranger.certificate, key, cert });
    expect(unknown).toEqual({ code: 'log_unreachable', message: expect.stringMatching(/certificate/) });
    expect((await open({ ca: authority.certificate, key, cert })).code).toBe('log_unreachable');
    expect((await open({ ca: authority.certificate })).code).toBe('log_unreachable');
  });
});

describe('settings that are not those of the listener', () => {
  const tls = (): object => ({ ssl: { ca: authority.certificate } });
  test.each([
    ['SASL', 'no SASL', tls, 'set NTK_KAFKA_SASL with NTK_KAFKA_USER and NTK_KAFKA_PASSWORD'],
    ['SASL', 'no TLS', () => ({ sasl: scram('writer') }), 'set NTK_KAFKA_TLS=on'],
    ['TLS', 'no certificate of its own', tls, 'see NTK_KAFKA_CERT_FILE and NTK_KAFKA_KEY_FILE'],
    ['TLS', 'another authority', () => ({ ssl: { ca: stranger.certificate } }), 'NTK_KAFKA_CA_FILE'],
    ['', 'TLS', tls, 'speaks no TLS: name the port of a listener that does, or set NTK_KAFKA_TLS=off'],
    ['', 'SASL', () => ({ sasl: scram('writer') }), 'name the port of a listener with SASL or unset NTK_KAFKA_SASL'],
  ])("at a listener '%s', with %s, are named with its address", async (listener, _, settings, says) => {
    const address = listener === '' ? broker.address : broker.addressOf(listener);
    const { message } = await refusal(logs.open(prefix, { brokers: [address], ...settings(), create: false, tryingMs: 0 }));
    expect(message).toContain(says);
    expect(message).toContain(address);
    expect(message).not.toMatch(/deps|routines/);
  });
});

describe('SASL over TLS', () => {
  test('by SCRAM-SHA-512 and PLAIN lets in whoever has the password', async () => {
    await allow('writer', aclsOf('writer', prefix));
    await allow('importer', aclsOf('importer', prefix));
    const writer = await overSasl(scram('writer'));
    await writer.claim('writer', 0);
    const importer = await overSasl(plain('importer'));
    await importer.commit({ appends: [{ stream: 'access', partition: 0, values: values('imported') }] });
    expect(await textsOf(importer, 'access')).toEqual(['imported']);
  });

  test('with a wrong password says so in one line that holds no secret', async () => {
    for (const sasl of [scram('writer', 'guess'), plain('host', 'guess'), scram('nobody', 'guess')]) {
      const { code, message } = await refusal(overSasl(sasl));
      expect({ code, message }).toEqual({ code: 'log_unreachable', message: expect.stringContaining('credentials') });
    }
  });

  test('trusts no broker of an unknown authority, before any password is sent', async () => {
    const { code, message } = await refusal(overSasl(scram('writer'), stranger.certificate));
    expect({ code, message }).toEqual({ code: 'log_unreachable', message: expect.stringMatching(/certificate/) });
  });
});

/** That has nothing to store yet. */
function idleWriter(log: EventLog): Writer {
  return new Writer({
    log,
    warehouse: openServerWarehouse({ url: 'http://127.0.0.1:1' }),
    partitions: [],
    clock: systemClock,
    groupWaitMs: 1,
    limits: { rowsMax: 1, bytesMax: 1 },
    observer: { written: () => {}, lost: () => {}, failed: () => {} },
  });
}

describe('ACLs', () => {
  test('that are missing are said in one line', async () => {
    const { code, message } = await refusal(overSasl(scram('reader')));
    expect({ code, message }).toEqual({ code: 'log_unreachable', message: expect.stringContaining('ACLs') });
  });

  test('that lack one topic of a transaction are said with its name, whatever the others of it are', async () => {
    const lacking = `${prefix}.verdicts.v1`;
    await allow(
      'scorer',
      aclsOf('scorer', prefix).map((acl) =>
        acl.name === lacking ? { ...acl, operations: acl.operations.filter((operation) => operation !== 'Write') } : acl,
      ),
    );
    const owner = await (await overSasl(scram('scorer'))).claim('scorer', 0);
    const { message } = await refusal(
      owner.commit({
        appends: (['results', 'verdicts', 'rejects'] as const).map((stream) => ({
          stream,
          partition: 0,
          values: values(stream),
        })),
        position: { consumer: 'scorer', partition: 0, offset: 7, note: '' },
      }),
    );
    expect(message).toContain(`Kafka refuses these credentials (${lacking} takes no part in a transaction`);
    expect(message).toContain('ACLs');
  });

  test('as listed are enough for the scorer, and let it do nothing else', async () => {
    await allow('scorer', aclsOf('scorer', prefix));
    const log = await overSasl(scram('scorer'));
    const owner = await log.claim('scorer', 0);
    const committed = await owner.commit({
      appends: (['results', 'verdicts', 'rejects'] as const).map((stream) => ({ stream, partition: 0, values: values(stream) })),
      puts: [{ stream: 'checkpoints', partition: 0, key: 'k', value: Buffer.from('v') }],
      position: { consumer: 'scorer', partition: 0, offset: 7, note: '' },
    });
    expect(committed).toMatchObject({ status: 'committed' });
    await owner.release();
    expect(await log.shownOffset('scorer', 0)).toEqual({ offset: 7, isOurs: true });
    expect(await log.position('scorer', 0)).toMatchObject({ offset: 7 });
    expect(await textsOf(log, 'access')).toEqual([]);
    const writing = log.commit({ appends: [{ stream: 'access', partition: 0, values: values('made up') }] });
    expect((await refusal(writing)).message).toContain('ACLs');
  });

  test('as listed are enough for a scorer that shares the partitions with others', async () => {
    await allow('scorer', aclsOf('scorer', prefix));
    let failures = 0;
    const { promise: share, resolve, reject } = Promise.withResolvers<readonly number[]>();
    const group = new PartitionGroup({
      access: {
        brokers: [broker.addressOf('SASL')],
        clientId: 'test',
        ssl: { ca: authority.certificate },
        sasl: scram('scorer'),
      },
      groupId: scorersGroup(prefix),
      topic: `${prefix}.access.v1`,
      partitions: 2,
      clock: systemClock,
      onAssigned: resolve,
      // The coordinator of a cluster's first group takes a moment to be found.
      onFailed: (error) => (++failures === FAILURES_MAX ? reject(error) : undefined),
    });
    group.start();
    try {
      expect(await share).toEqual([0, 1]);
    } finally {
      await group.stop();
    }
  });

  test('as listed are enough for gateway and reader', async () => {
    for (const principal of ['gateway', 'reader'] satisfies Principal[]) await allow(principal, aclsOf(principal, prefix));
    const gateway = await overSasl(scram('gateway'));
    await gateway.commit({ appends: [{ stream: 'access', partition: 1, values: values('by the gateway') }] });
    const reader = await overSasl(scram('reader'));
    expect(await textsOf(reader, 'access', 1)).toEqual(['by the gateway']);
    for (const stream of ['results', 'verdicts', 'rejects'] as const) expect(await textsOf(reader, stream)).toEqual([]);
    expect(await reader.getKeyed('checkpoints', 0, 'k')).toBeNull();
    const claiming = reader.claim('scorer', 0);
    expect((await refusal(claiming)).message).toContain('ACLs');
  });

  test('as listed are enough for each process to know whether the log is there', async () => {
    const everybody = await logs.open(prefix, { create: false });
    for (const stream of ['access', 'results'] as const)
      await everybody.commit({ appends: [{ stream, partition: 0, values: values('of somebody') }] });
    for (const principal of ['gateway', 'scorer', 'writer', 'reader'] satisfies Principal[]) {
      await allow(principal, aclsOf(principal, prefix));
      const log = await overSasl(scram(principal));
      const system = { scorer: null, writer: principal === 'writer' ? idleWriter(log) : null, log, groupTrouble: null };
      expect({ principal, ...(await systemHealth(system, systemClock).report()) }).toMatchObject({ status: 'ok' });
    }
  });

  test('let a host write accesses and nothing else, and no transaction', async () => {
    await allow('host', aclsOf('host', prefix));
    const kafka = new Kafka({
      brokers: [broker.addressOf('SASL')],
      ssl: { ca: authority.certificate },
      sasl: plain('host'),
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 20, retries: 3 },
    });
    const producer = kafka.producer();
    await producer.connect();
    const send = (stream: string) =>
      producer.send({ topic: `${prefix}.${stream}.v1`, messages: [{ partition: 0, value: 'by a host' }] });
    await send('access');
    for (const stream of ['results', 'verdicts', 'rejects', 'checkpoints', 'imports', 'positions'])
      await expect(send(stream)).rejects.toThrow(/[Aa]uthori/);
    await producer.disconnect();
    const transactional = kafka.producer({ transactionalId: `${prefix}.host`, maxInFlightRequests: 1, idempotent: true });
    await transactional.connect();
    // What kafkajs makes of being refused one.
    await expect(transactional.transaction()).rejects.toThrow(/coordinator/);
    await transactional.disconnect();
    expect(await textsOf(await logs.open(prefix, { create: false }), 'access')).toEqual(['by a host']);
  });
});
