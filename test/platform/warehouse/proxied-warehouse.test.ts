import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { registerClickHouseProxy } from '../../../services/platform/http/clickhouse-proxy.ts';
import { Health } from '../../../services/platform/http/health.ts';
import { createHttpServer } from '../../../services/platform/http/http-server.ts';
import { openChdbWarehouse } from '../../../services/platform/warehouse/chdb/open-chdb-warehouse.ts';
import { openProxiedWarehouse } from '../../../services/platform/warehouse/proxied/open-proxied-warehouse.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { describeWarehouse } from './warehouse-contract.ts';

const TOKEN = 'a-token-of-the-running-system';

describeWarehouse('the warehouse of a running system', async () => {
  const folder = temporaryFolder();
  const secretFile = join(folder.path, 'secret.txt');
  writeFileSync(secretFile, 's3cret\n');
  const spoolDir = join(folder.path, 'spool');
  const embedded = openChdbWarehouse({ path: join(folder.path, 'clickhouse'), spoolDir });
  const server = createHttpServer({ host: '127.0.0.1', port: 0, health: new Health(), registry: new Registry() });
  await registerClickHouseProxy(server.app, { warehouse: embedded, spoolDir, token: TOKEN });
  const warehouse = openProxiedWarehouse({ url: await server.start(), token: TOKEN });
  const close = async (): Promise<void> => {
    await warehouse.close();
    await server.stop();
    await embedded.close();
    expect(readdirSync(spoolDir)).toEqual([]);
    folder.remove();
  };
  return { warehouse, secretFile, close };
});

describe('a running system that is gone', () => {
  test('is told as such, and worth waiting for', async () => {
    const server = createHttpServer({ host: '127.0.0.1', port: 0, health: new Health(), registry: new Registry() });
    const url = await server.start();
    await server.stop();
    const warehouse = openProxiedWarehouse({ url, token: TOKEN });
    await expect(warehouse.query('SELECT 1')).rejects.toMatchObject({
      code: 'UNREACHABLE',
      retryable: true,
      message: `the running system at ${url}: cannot be reached: ECONNREFUSED`,
    });
    await warehouse.close();
  });
});
