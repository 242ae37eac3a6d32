/** kafkajs does not bring zstd, which the log's topics are compressed with; importing this adds it, with the settings of the scorer. */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import kafkajs from 'kafkajs';

const CHUNK_BYTES = 256 * 1024;

kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({
  compress: async ({ buffer }: { buffer: Buffer }) =>
    zstdCompressSync(buffer, { params: { [constants.ZSTD_c_compressionLevel]: 1 }, chunkSize: CHUNK_BYTES }),
  decompress: async (buffer: Buffer) => zstdDecompressSync(buffer, { chunkSize: CHUNK_BYTES }),
});
