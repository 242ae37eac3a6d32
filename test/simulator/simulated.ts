/** Made-up traffic as parsed records, in the order of their arrival. */
import type { AccessData } from '../../schemas/events/access.ts';
import { CATALOGUE } from '../../schemas/catalogue/index.ts';
import type { Story } from '../../services/simulator/story/story.ts';
import { simulate, type SimulateOptions } from '../../services/simulator/write-files.ts';

export interface MadeRecord {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly data: Record<string, unknown>;
}

export interface MadeAccess {
  readonly program: string;
  readonly ms: number;
  readonly category: string;
  readonly data: AccessData;
}

export interface Made {
  readonly story: Story;
  readonly lines: readonly string[];
}

export function make(options: SimulateOptions): Made {
  const { story, slices } = simulate(options);
  return { story, lines: [...slices].flat() };
}

export function recordOf(line: string): MadeRecord {
  return JSON.parse(line) as MadeRecord;
}

/** Each access once, though it may have been sent twice. */
export function accessesOf(lines: readonly string[]): MadeAccess[] {
  return [...new Set(lines.filter((line) => line.includes('"ntk.access"')))].map((line) => {
    const { subject, time, data } = JSON.parse(line) as MadeRecord & { readonly data: AccessData };
    return { program: subject, ms: Date.parse(time), category: CATALOGUE.get(data.api) ?? 'unknown', data };
  });
}
