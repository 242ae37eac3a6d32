/**
 * Keeps the shared broker, in the main process of vitest: started when the first test asks for it, ended with the run, however that
 * ends. Workers ask over a Unix socket.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startBroker, type TestBroker } from './broker.ts';
import type { Answer } from './shared-broker.ts';

export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  let starting: Promise<TestBroker> | null = null;
  const server = createServer((connection) => {
    connection.on('error', () => {});
    starting ??= startBroker();
    starting.then(
      ({ address }) => connection.end(JSON.stringify({ address } satisfies Answer)),
      (error: unknown) => connection.end(JSON.stringify({ problem: String((error as Error).message) } satisfies Answer)),
    );
  });
  const path = join(tmpdir(), `ntk-shared-broker-${process.pid}.sock`);
  server.listen(path);
  await once(server, 'listening');
  provide('sharedBroker', path);
  return async () => {
    server.close();
    await starting?.then(
      (broker) => broker.stop(),
      () => {},
    );
  };
}
