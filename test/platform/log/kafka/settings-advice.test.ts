/** What is said of a listener that wants other settings; kafka-access-control.test.ts says the same of a real one. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../../../services/platform/clock.ts';
import { openKafkaLog } from '../../../../services/platform/log/kafka/open-kafka-log.ts';
import { settingsAdvice } from '../../../../services/platform/log/kafka/settings-advice.ts';
import { API, framed, type Hear, StandInBroker, versions } from './stand-in-broker.ts';

const started: StandInBroker[] = [];
const servers: Server[] = [];
afterEach(async () => {
  for (const broker of started.splice(0)) await broker.stop();
  for (const server of servers.splice(0)) server.close();
});

async function brokerThat(hear: Hear): Promise<string> {
  const broker = await StandInBroker.start(hear);
  started.push(broker);
  return broker.address;
}

/** What a listener does that understands nothing of what is said to it. */
async function listenerThatHangsUp(): Promise<string> {
  const server = createServer((socket) => socket.once('data', () => socket.end()).on('error', () => {}));
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function said(address: string, settings: { ssl?: true } = {}): Promise<string> {
  const options = { brokers: [address], clientId: 'test', create: false, clock: systemClock, tryingMs: 0, ...settings } as const;
  return openKafkaLog(options).then(
    () => 'it was opened',
    (error: unknown) => (error as Error).message,
  );
}

test('a listener that greets and then hangs up on who does not sign in asks for SASL', async () => {
  const address = await brokerThat(({ apiKey, id }, socket) => {
    if (apiKey === API.apiVersions) socket.write(framed(id, versions(API)));
    else socket.end();
  });
  expect(await said(address)).toContain(
    `(Closed connection); if it always does that, ${address} asks who this is: set NTK_KAFKA_SASL with NTK_KAFKA_USER and NTK_KAFKA_PASSWORD`,
  );
});

test('a listener that hangs up before it greets speaks TLS, or none where TLS is set', async () => {
  const address = await listenerThatHangsUp();
  expect(await said(address)).toContain(`is ${address} Kafka, and does it speak TLS? Then set NTK_KAFKA_TLS=on`);
  expect(await said(address, { ssl: true })).toContain(
    `if it always does that, ${address} speaks no TLS: name the port of a listener that does, or set NTK_KAFKA_TLS=off`,
  );
});

test('of a broker that is away no setting is named', async () => {
  const address = await listenerThatHangsUp();
  servers.pop()!.close();
  const message = await said(address);
  expect(message).toContain(`connect ECONNREFUSED ${address}`);
  expect(message).not.toContain('NTK_');
});

test.each([
  ["Hostname/IP does not match certificate's altnames: IP: 10.0.0.1 is not in the cert's list", 'NTK_KAFKA_BROKERS has to name'],
  ['self-signed certificate in certificate chain', 'NTK_KAFKA_CA_FILE'],
  ['error:0A00010B:SSL routines:ssl3_get_record:wrong version number', 'NTK_KAFKA_TLS=off'],
  ['ssl/tls alert certificate required', 'NTK_KAFKA_CERT_FILE'],
])('%s is said with the setting', (message, setting) => {
  const error = Object.assign(new Error(`Connection error: ${message}`), { broker: 'kafka-1:9093' });
  const advice = settingsAdvice(new Error('tried in vain', { cause: error }), { ssl: true });
  expect(advice).toContain(setting);
  expect(advice).toContain('kafka-1:9093');
});
