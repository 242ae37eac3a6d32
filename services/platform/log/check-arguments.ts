/** What both logs refuse of their callers: mistakes of ours, not of hosts. */

/** @throws RangeError for what is no partition of the log */
export function checkPartition(partition: number, partitions: number): void {
  if (!Number.isInteger(partition) || partition < 0 || partition >= partitions)
    throw new RangeError(`partition ${partition} is not one of the log's ${partitions}`);
}

/** @throws RangeError for a value of more bytes */
export function checkValue(value: Uint8Array, bytesMax: number): void {
  if (value.length > bytesMax) throw new RangeError(`a value may have ${bytesMax} bytes, this one has ${value.length}`);
}
