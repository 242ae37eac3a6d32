/** The CloudEvent that a line or an interval of a report becomes. */
import { APPLE_REPORT_SOURCE } from '../../../schemas/catalogue/index.ts';
import type { Category } from '../../../schemas/codes.ts';
import { partitionOf } from '../../domain/partitioning/murmur2.ts';
import type { Importable } from '../candidate.ts';

interface AppleAccess {
  readonly id: string;
  readonly program: string;
  /** RFC 3339, as the report has it. */
  readonly time: string;
  readonly user: string;
  readonly api: string;
  readonly category?: Category;
  readonly fields?: readonly string[];
  readonly rows?: number;
  readonly durationMs?: number;
}

/**
 * The report says what was accessed, not whether the program was on screen: `foreground` is true, so that `background_access` is never
 * found without evidence. `outcome` is `performed`: a report only has what took place.
 */
export function accessEvent(access: AppleAccess, partitions: number): Importable {
  const { id, program, time, user, api, category, fields, rows, durationMs } = access;
  const data = { user, api, category, foreground: true, fields, rows, outcome: 'performed', durationMs };
  const event = { specversion: '1.0', id, source: APPLE_REPORT_SOURCE, type: 'ntk.access', subject: program, time, data };
  return { partition: partitionOf(program, partitions), value: Buffer.from(JSON.stringify(event)) };
}
