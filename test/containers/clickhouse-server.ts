/**
 * The stand-in for a ClickHouse server in a container of its own. Our endpoint answers its own machine only, so what comes from other
 * containers is asked again from here. `clickhouse-server.ts FOLDER PORT OPEN_PORT`; the first two are the stand-in's.
 */
import { createServer, request } from 'node:http';

/** Statements travel in the URL. */
const HEADER_BYTES_MAX = 1024 * 1024;

const [, port, openPort] = process.argv.slice(2) as [string, string, string];
createServer({ maxHeaderSize: HEADER_BYTES_MAX }, (from, answer) => {
  const { method, url: path, headers } = from;
  const host = `127.0.0.1:${port}`;
  const to = request({ host: '127.0.0.1', port, method, path, headers: { ...headers, host } }, (response) => {
    answer.writeHead(response.statusCode!, response.headers);
    response.pipe(answer);
  });
  to.on('error', () => answer.destroy());
  answer.on('close', () => to.destroy());
  from.pipe(to);
}).listen(Number(openPort));
await import('../crash/kafka/clickhouse-server.ts');
