/** The files of schemas/clickhouse/cluster, statement by statement, and a server to try them on. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { MIGRATIONS_FOLDER } from '../../../services/platform/warehouse/migrations.ts';
import type { Answer, ClusterRequest } from './server.ts';

const FOLDER = join(MIGRATIONS_FOLDER, 'cluster');
export const FILES = readdirSync(FOLDER).sort();

export function statementsOf(file: string): string[] {
  return readFileSync(join(FOLDER, file), 'utf8')
    .replaceAll(/^\s*--.*$/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

/** As one server runs it; what `ON CLUSTER` adds is that every server does. */
export const onOneServer = (statement: string): string => statement.replace(/\s+ON CLUSTER '\{cluster\}'/, '');

/** The same table in a database of another name, and without a keeper: rows can be put into it. */
export const alone = (statement: string, database: string): string =>
  onOneServer(statement)
    .replace(/ReplicatedReplacingMergeTree\([^)]*\)/, 'ReplacingMergeTree')
    .replaceAll(/\bntk(?=\.|$)/gm, database);

/** A table of any server: not only the partitions of one shard. */
export const ofAnyShard = (statement: string): string => statement.replace(/,\s*CONSTRAINT of_this_shard CHECK .*/, '');

/** What a server of a cluster answers to each statement, in order. */
export async function askServer(request: ClusterRequest): Promise<Answer[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'server.ts')], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(request));
  return JSON.parse(await text(child.stdout)) as Answer[];
}
