import { describe } from 'vitest';
import { EMBEDDED } from './suite/benchmarks.ts';
import { testTiny } from './tiny.ts';

describe('a benchmark without a broker', () => {
  testTiny(EMBEDDED, () => Promise.reject(new Error('these need no broker')));
});
