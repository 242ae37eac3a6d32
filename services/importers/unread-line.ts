/** A line that a format cannot read goes into the log as it is and becomes a reject there, with its bytes. */
import type { Importable } from './candidate.ts';
import { BYTE_ORDER_MARK } from './lines.ts';

/**
 * A line that says it is a CloudEvent must not become a fact by way of somebody's file in another format, so a byte-order mark, which
 * no record may begin with, is set before it.
 */
export function unreadLine(line: Buffer, saysItIsAnEvent: boolean): Importable {
  return { partition: 0, value: saysItIsAnEvent ? Buffer.concat([BYTE_ORDER_MARK, line]) : line };
}
