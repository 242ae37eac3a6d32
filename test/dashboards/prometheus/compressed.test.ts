import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { compressed, compressedDuration, compressedExpression, durationMs } from './compressed.ts';
import { ask } from './programs.ts';
import { PROMETHEUS, readYaml, RULE_FILES, RULES } from './rule-files.ts';

test('ranges, offsets and seconds become shorter, and nothing else', () => {
  expect(
    compressedExpression(
      'sum(increase(a_5m[10m])) / avg_over_time(b:rate5m[1h30m:1m] offset 6d23h30m) > 30\nand c\n> 180 # seconds',
      10,
    ),
  ).toBe('sum(increase(a_5m[60000ms])) / avg_over_time(b:rate5m[540000ms:6000ms] offset 60300000ms) > 30\nand c\n> 18 # seconds');
});

test('keys that are times become shorter, and labels of the same text do not', () => {
  const file = {
    groups: [{ interval: '1m', rules: [{ alert: 'A', expr: 'up', for: '30s', labels: { during: '30s' } }] }],
    route: { group_wait: '0s' },
  };
  expect(compressed(file, 10)).toEqual({
    groups: [{ interval: '6000ms', rules: [{ alert: 'A', expr: 'up', for: '3000ms', labels: { during: '30s' } }] }],
    route: { group_wait: '0s' },
  });
});

test('a duration is divided to the millisecond', () => {
  const units = fc.constantFrom('ms', 's', 'm', 'h', 'd', 'w');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 1000 }), units), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 100 }),
      (parts, factor) => {
        const text = parts.map(([count, unit]) => `${count}${unit}`).join('');
        expect(durationMs(compressedDuration(text, factor))).toBe(Math.max(1, Math.round(durationMs(text) / factor)));
      },
    ),
  );
  expect(() => durationMs('5')).toThrow("'5' is no duration");
});

test('by a factor of 1 the rules say what they said', () => {
  for (const { expr } of RULES) {
    const plain = (text: string): string =>
      text.replaceAll(/(?<=\[|offset |:)(?:\d+(?:ms|[smhdwy]))+/g, (duration) => `${durationMs(duration)}ms`);
    expect(plain(compressedExpression(expr, 1))).toBe(plain(expr));
  }
});

test('the rules are rules all the same', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ntk-rules-'));
  try {
    const files = RULE_FILES.map((file) => join(folder, basename(file)));
    RULE_FILES.forEach((file, i) => writeFileSync(files[i]!, stringify(compressed(readYaml(file), 10))));
    expect(await ask('promtool', ['check', 'rules', ...files])).toEqual({ code: 0, said: expect.stringContaining('SUCCESS') });
    expect(JSON.stringify(compressed(readYaml(join(PROMETHEUS, 'prometheus.yaml')), 10))).toContain('"scrape_interval":"1500ms"');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
