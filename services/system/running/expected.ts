/** Errors that a person can mend: their message is one line that says how. Everything else is a bug. */
import { FolderError } from '../../platform/folder/folder-error.ts';
import { LogError } from '../../platform/log/event-log.ts';
import { WarehouseError } from '../../platform/warehouse/warehouse.ts';
import { PartitionRefused } from '../../scorer/partition-refused.ts';
import { ForeignResults } from '../../writer/foreign-results.ts';
import { BlockGap } from '../../writer/lost-blocks.ts';
import { UserError } from '../user-error.ts';

const EXPECTED = [UserError, FolderError, LogError, WarehouseError, PartitionRefused, BlockGap, ForeignResults] as const;

export function isExpected(error: unknown): error is Error {
  return EXPECTED.some((kind) => error instanceof kind);
}
