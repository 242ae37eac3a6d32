/** Floor (c) for whoever has stored rows in a data folder: they are written to files once, and inserted each round into a new ClickHouse. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { measured } from '../process/measured-process.ts';
import type { Taken } from '../process/measured.ts';
import type { StoredRows } from './stored.ts';

/** As large as the writer's groups get. */
const ROWS_AN_INSERT = 500_000;

export interface Inserted extends Taken, StoredRows {}

export interface NativeFiles extends StoredRows {
  readonly files: readonly string[];
  /** That all tables of the data folder take. */
  readonly bytes: number;
}

/** Of a data folder that no process holds. */
export async function nativeFiles(data: string, folder: string): Promise<NativeFiles> {
  return measured<NativeFiles>({
    file: join(import.meta.dirname, 'native-files.ts'),
    args: [data, join(folder, 'native'), ROWS_AN_INSERT],
  });
}

export async function insertOnly({ files }: NativeFiles, folder: string): Promise<Inserted> {
  const into = join(folder, 'floor');
  rmSync(into, { recursive: true, force: true });
  return measured<Inserted>({ file: join(import.meta.dirname, 'inserting.ts'), args: [into, ...files] });
}
