/**
 * A server of a cluster in a process of its own: the embedded engine with the configuration of a real one - macros, the cluster's servers
 * (itself alone), and the engine's own keeper in memory. Tables are made as a server makes them; a replica finds nobody to replicate from
 * and so takes no rows. Reads `{folder, macros, statements}` as JSON from standard input, writes what each statement answered.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Session } from 'chdb';

export interface ClusterRequest {
  readonly folder: string;
  readonly macros: Readonly<Record<string, string>>;
  readonly statements: readonly string[];
}

/** Rows of JSON, or the engine's error. */
export type Answer = { readonly rows: readonly Record<string, unknown>[] } | { readonly error: string };

const { folder, macros, statements } = JSON.parse(await text(process.stdin)) as ClusterRequest;
mkdirSync(folder, { recursive: true });
const config = join(folder, 'config.xml');
writeFileSync(config, configOf(macros));
const session = new Session(join(folder, 'clickhouse'), { connectionArgs: [`--config-file=${config}`] });
const answers = statements.map(answerOf);
process.stdout.write(JSON.stringify(answers), () => {
  // A replica that cannot find the others would keep the engine from closing.
  process.kill(process.pid, 'SIGKILL');
});

function answerOf(statement: string): Answer {
  try {
    const lines = session.query(statement, 'JSONEachRow').split('\n');
    return { rows: lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

/** Port 9000 is nobody's here: it tells the engine that the cluster's only server is itself. */
function configOf(named: ClusterRequest['macros']): string {
  const lines = Object.entries(named).map(([name, value]) => `<${name}>${value}</${name}>`);
  return `<clickhouse>
  <tcp_port>9000</tcp_port>
  <zookeeper><implementation>testkeeper</implementation></zookeeper>
  <macros>${lines.join('')}</macros>
  <remote_servers><${named['cluster']}><shard><replica><host>127.0.0.1</host><port>9000</port></replica></shard></${named['cluster']}></remote_servers>
</clickhouse>
`;
}
