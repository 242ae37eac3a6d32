import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Block, decodeBlock, encodeBlock } from '../../../services/domain/results/block.ts';

const block = fc.record({
  // What is in it is the fold's business.
  header: fc.record({ logId: fc.string(), authority: fc.string(), rowsHash: fc.string({ maxLength: 200 }) }),
  rows: fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
}) as unknown as fc.Arbitrary<Block>;

describe('a block', () => {
  it('is read as it was written, in memory of its own or in that of the one before', () => {
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 6 }), (blocks) => {
        let spent: Buffer | null = null;
        for (const each of blocks) {
          const encoded: Buffer = encodeBlock(each, spent);
          expect(encoded.equals(encodeBlock(each))).toBe(true);
          const { header, rows } = decodeBlock(encoded);
          expect(header).toEqual(each.header);
          expect(rows.equals(each.rows)).toBe(true);
          spent = encoded;
        }
      }),
    );
  });
});
