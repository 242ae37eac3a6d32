/** The part of the benchmark that lies beside the checkout (../shared/data/nab), with its labels. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface LabelledSeries {
  /** `folder/file.csv`. */
  readonly name: string;
  readonly stamps: readonly string[];
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** First and last row of each labelled stretch, both included. */
  readonly windows: readonly (readonly [number, number])[];
}

export const NAB_FOLDER = join(import.meta.dirname, '../../../../shared/data/nab');

/** @throws when the folder is not there: nothing of this can be measured without it */
export function readNab(folder: string = NAB_FOLDER): LabelledSeries[] {
  const labels = JSON.parse(readFileSync(join(folder, 'windows.json'), 'utf8')) as Record<string, [string, string][]>;
  return Object.keys(labels)
    .toSorted()
    .map((name) => readSeries(folder, name, labels[name]!));
}

function readSeries(folder: string, name: string, labels: readonly [string, string][]): LabelledSeries {
  const rows = readFileSync(join(folder, name), 'utf8')
    .trimEnd()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(',') as [string, string]);
  const stamps = rows.map(([stamp]) => stamp);
  const rowOf = (stamp: string): number => stamps.indexOf(stamp.split('.')[0]!);
  return {
    name,
    stamps,
    times: Float64Array.from(stamps, (stamp) => Date.parse(`${stamp.replace(' ', 'T')}Z`)),
    values: Float64Array.from(rows, ([, value]) => Number(value)),
    windows: labels.map(([from, to]) => [rowOf(from), rowOf(to)] as const),
  };
}
