/**
 * CRC-32C (Castagnoli), the checksum of Kafka's record batches, eight bytes at a time by as many tables (M. E. Kounavis and F. L. Berry, A Systematic
 * Approach to Building High Performance Software-Based CRC Generators, 2005). kafkajs's own goes byte by byte, which takes three times as long.
 */
const POLYNOMIAL = 0x82f63b78;
const BYTES_AT_ONCE = 8;
const VALUES = 256;

/** The table at `k * 256` says what a byte does to the checksum that `k` bytes of zeros follow. */
const TABLES = tables();

function tables(): Int32Array {
  const made = new Int32Array(BYTES_AT_ONCE * VALUES);
  for (let value = 0; value < VALUES; value++) {
    let crc = value;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (-(crc & 1) & POLYNOMIAL);
    made[value] = crc;
  }
  for (let at = VALUES; at < made.length; at++) {
    const before = made[at - VALUES]!;
    made[at] = (before >>> 8) ^ made[before & 0xff]!;
  }
  return made;
}

/** From 0 to 2^32 - 1. */
export function crc32c(bytes: Uint8Array): number {
  const wholes = bytes.length - (bytes.length % BYTES_AT_ONCE);
  let crc = -1;
  let at = 0;
  for (; at < wholes; at += BYTES_AT_ONCE) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      TABLES[0x700 | (crc & 0xff)]! ^
      TABLES[0x600 | ((crc >>> 8) & 0xff)]! ^
      TABLES[0x500 | ((crc >>> 16) & 0xff)]! ^
      TABLES[0x400 | (crc >>> 24)]! ^
      TABLES[0x300 | bytes[at + 4]!]! ^
      TABLES[0x200 | bytes[at + 5]!]! ^
      TABLES[0x100 | bytes[at + 6]!]! ^
      TABLES[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ TABLES[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}
