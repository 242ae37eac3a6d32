/**
 * Stands in for a ClickHouse server, as a process of its own: the embedded engine behind our own endpoint, on loopback. Several writers
 * can share it, and it can be killed, frozen and started again. `clickhouse-server.ts FOLDER PORT`; says `ready` when it listens.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { registerClickHouseProxy } from '../../../services/platform/http/clickhouse-proxy.ts';
import { Health } from '../../../services/platform/http/health.ts';
import { createHttpServer } from '../../../services/platform/http/http-server.ts';
import { openChdbWarehouse } from '../../../services/platform/warehouse/chdb/open-chdb-warehouse.ts';

/** Nobody else is on this port; a real server would know users and passwords. */
const TOKEN = 'of-the-stand-in';

const [folder, port] = process.argv.slice(2) as [string, string];
const spoolDir = join(folder, 'spool');
mkdirSync(spoolDir, { recursive: true });
const warehouse = openChdbWarehouse({ path: join(folder, 'clickhouse'), spoolDir });
const server = createHttpServer({ host: '127.0.0.1', port: Number(port), health: new Health(), registry: new Registry() });
server.app.addHook('onRequest', async (request) => {
  request.headers.authorization = `Bearer ${TOKEN}`;
});
await registerClickHouseProxy(server.app, { warehouse, spoolDir, token: TOKEN });
await server.start();
process.stdout.write('ready\n');
process.once('SIGTERM', () => {
  void server
    .stop()
    .then(() => warehouse.close())
    .then(() => process.exit(0));
});
