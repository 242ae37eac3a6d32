import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeBulkTraffic } from './bulk-traffic.ts';
import type { BulkTraffic } from './bulk-traffic.ts';
import { judge } from './judge.ts';

describe('bulk traffic', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bulk-traffic-'));
  const path = join(folder, 'events.ndjson');
  let traffic: BulkTraffic;
  beforeAll(() => {
    traffic = writeBulkTraffic(path, { accesses: 20_000, seed: 3 });
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  test('has the records that it says, of about 320 bytes', () => {
    const text = readFileSync(path);
    const lines = text.toString('latin1').split('\n').slice(0, -1);
    expect(text.length).toBe(traffic.bytes);
    expect(lines).toHaveLength(traffic.records);
    const accesses = lines.slice(traffic.facts);
    const mean = accesses.reduce((sum, line) => sum + line.length + 1, 0) / accesses.length;
    expect(mean).toBeGreaterThan(310);
    expect(mean).toBeLessThan(335);
  });
  test('is readable as a whole, and one to five accesses in a hundred have findings of several kinds', () => {
    const { verdicts, rejects, quality } = judge(
      { lines: readFileSync(path), policyYamlText: traffic.policyYaml },
      { partitions: 4 },
    );
    expect(rejects).toEqual([]);
    expect(quality).toMatchObject({ recordsRead: traffic.records, duplicates: 0 });
    const found = verdicts.filter(({ reasons }) => reasons.length > 0);
    expect(found.length / verdicts.length).toBeGreaterThan(0.01);
    expect(found.length / verdicts.length).toBeLessThan(0.05);
    const reasons = new Set(found.flatMap((verdict) => verdict.reasons));
    expect([...reasons].toSorted()).toEqual(['consent_missing', 'excess_volume', 'rate_limited', 'undeclared_category']);
  });
});
