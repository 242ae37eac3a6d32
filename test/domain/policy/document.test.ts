import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { CATEGORIES } from '../../../schemas/codes.ts';
import { PROBLEMS_MAX } from '../../../schemas/policy/problems.ts';
import { parsePolicyDocument, parsePolicyYaml, policyHash } from '../../../services/domain/policy/document.ts';
import { YAML_BYTES_MAX } from '../../../services/domain/yaml/yaml-file.ts';
import { POLICY_YAML } from '../../conformance/example.ts';
import { policyDocuments } from '../../schemas/policy-documents.ts';

const BAD = join(import.meta.dirname, 'fixtures/bad');
const LISTED = CATEGORIES.join(', ');
const KEYS = 'version, purposes, consent, restricted, actions, modes, limits, baselines, unavailable';
const VERSION = 'give version: a string that no other policy has, in quotes where YAML reads a number, e.g. "2026-11-01.1"';
const PER = 'give per: a whole number above 0 and ms, s, m, h or d, without a space, e.g. 10m';
const WHOLE = 'a whole number from 1 to 9007199254740991';
const BUDGET = 'give falseAlarmsPerProgramDay: a number from 0';

/** One file for each kind of mistake: where it is found, in which field, and what is said. */
const MISTAKES: Readonly<Record<string, readonly (readonly [at: string, path: string, message: string])[]>> = {
  'alias-bomb': [['1:1', '', 'aliases stand for too much: write it out']],
  'alias-of-itself': [['2:17', 'restricted[0]', `found a list: give one of ${LISTED}`]],
  'alias-of-nothing': [['2:13', '', 'no anchor &sensitive stands before this alias: add it, or write the value']],
  'broken-syntax': [
    ['3:1', '', 'not YAML 1.2: Flow sequence in block collection must be sufficiently indented and end with a ]'],
  ],
  'cohort-above-100': [
    ['4:31', 'modes.overrides[0].match.cohortPercent', 'found 100.01: give cohortPercent: a number from 0 to 100'],
  ],
  'consent-of-one-category': [
    ['3:13', 'consent.required', "found 'location': give a list of categories, or '*' by itself for all of them"],
  ],
  'count-of-a-half': [['3:39', 'limits[0].count', `found 0.5: give count: ${WHOLE}`]],
  empty: [['1:1', '', `missing: give a mapping with the keys ${KEYS}`]],
  'everything-among-categories': [['3:24', 'consent.required[1]', `unknown category '*'; known are ${LISTED}`]],
  'interval-zero': [
    [
      '5:12',
      'limits[0].count',
      "2000001 in '1s' leaves less than half a microsecond between two: lower count to at most 2000000",
    ],
  ],
  'key-that-is-a-list': [['2:3', '', 'a key that is not a name: write name: value']],
  'limit-without-burst': [['3:5', 'limits[0].burst', `missing: give burst: ${WHOLE}`]],
  'lone-surrogate': [['1:10', 'version', "found '\ufffd': give text without a lone surrogate"]],
  'negative-budget': [['2:40', 'baselines.falseAlarmsPerProgramDay', `found -0.001: ${BUDGET}`]],
  'not-a-mapping': [['1:1', '', `found a list: give a mapping with the keys ${KEYS}`]],
  'not-a-number': [['2:40', 'baselines.falseAlarmsPerProgramDay', `found NaN: ${BUDGET}`]],
  'override-without-match': [
    [
      '4:7',
      'modes.overrides[0].match',
      'missing: give a mapping with the keys reasons, categories, programs, classes, cohortPercent',
    ],
  ],
  'override-without-mode': [['4:7', 'modes.overrides[0].mode', 'missing: give one of observe, warn, enforce']],
  'per-too-long': [
    ['3:48', 'limits[0].per', "found '104250d': give per: at most 104249d, because 2^53 microseconds are no more"],
  ],
  'per-with-space': [['6:10', 'limits[0].per', `found '1 m': ${PER}`]],
  'repeated-key': [['3:1', '', "key 'version' stands on line 1 already: keep one"]],
  'repeated-limit-name': [['4:13', 'limits[1].name', "limits[0] is named 'a' too: give each limit a name of its own"]],
  several: [
    ['1:10', 'version', `found 3: ${VERSION}`],
    ['2:11', 'purposes', "unknown setting 'maybe'; known are required, optional"],
    ['4:20', 'actions.consent_missing', "unknown action 'block'; known are allow, flag, throttle, intercept"],
    ['6:5', 'limits[0].burst', `missing: give burst: ${WHOLE}`],
    [
      '8:12',
      'limits[0].count',
      "2000001 in '1s' leaves less than half a microsecond between two: lower count to at most 2000000",
    ],
    ['10:11', 'limits[1].name', "limits[0] is named 'a' too: give each limit a name of its own"],
    ['11:10', 'limits[1].key', "found 'program': give a list of program, user, category, api"],
    ['13:10', 'limits[1].per', `found '1w': ${PER}`],
    ['14:12', 'limits[1].burst', `found 0: give burst: ${WHOLE}`],
  ],
  'shadow-in-words': [['3:70', 'limits[0].shadow', "found 'yes': give true or false"]],
  tag: [['1:10', '', 'a tag that a policy has no use for: leave it out']],
  'two-documents': [['2:1', '', 'a second document begins: a policy is one document']],
  'unknown-action': [['2:29', 'actions.consent_missing', "unknown action 'block'; known are allow, flag, throttle, intercept"]],
  'unknown-category': [['4:5', 'restricted[1]', "unknown category 'locations'; did you mean 'location'?"]],
  'unknown-category-when-unavailable': [
    ['2:30', 'unavailable.categories.telepathy', `unknown category 'telepathy'; known are ${LISTED}`],
  ],
  'unknown-key': [['2:1', 'limts', "unknown key 'limts'; did you mean 'limits'?"]],
  'unknown-key-of-a-prototype': [['2:1', '__proto__', `unknown key '__proto__'; known are ${KEYS}`]],
  'unknown-key-without-value': [['2:1', 'surprise', `unknown key 'surprise'; known are ${KEYS}`]],
  'unknown-limit-key': [['3:31', 'limits[0].key[1]', "unknown limit key 'page'; known are program, user, category, api"]],
  'unknown-mode': [['2:19', 'modes.default', "unknown mode 'off'; known are observe, warn, enforce"]],
  'unknown-reason': [['4:3', 'actions.consent_mising', "unknown reason 'consent_mising'; did you mean 'consent_missing'?"]],
  'unknown-reason-in-match': [
    ['4:41', 'modes.overrides[0].match.reasons[1]', expect.stringMatching(/^unknown reason 'popup'; known are program_banned, /)],
  ],
  'version-missing': [['1:1', 'version', `missing: ${VERSION}`]],
  'version-number': [['1:10', 'version', `found 2026: ${VERSION}`]],
  'wrong-behind-an-alias': [
    ['2:35', 'consent.required[1]', "unknown category 'locations'; did you mean 'location'?"],
    ['2:35', 'restricted[1]', "unknown category 'locations'; did you mean 'location'?"],
  ],
  'yaml-1-1': [['1:1', '', 'found YAML 1.1: write %YAML 1.2, or leave the line out']],
};

/** As `ntk policy check` would print them. */
function problemsOf(text: string): (readonly [string, string, string])[] {
  const parsed = parsePolicyYaml(text);
  return parsed.ok ? [] : parsed.problems.map(({ line, column, path, message }) => [`${line}:${column}`, path, message] as const);
}

describe('a mistake in a policy file', () => {
  test.each(Object.entries(MISTAKES))('of the kind %s is told with its place and a way out', (name, expected) => {
    expect(problemsOf(readFileSync(join(BAD, `${name}.yaml`), 'utf8'))).toEqual(expected);
  });

  test('has a file for each kind, and each file its expectation', () => {
    expect(readdirSync(BAD).sort()).toEqual(
      Object.keys(MISTAKES)
        .map((name) => `${name}.yaml`)
        .sort(),
    );
  });

  test('does not pull others down with it: at most a hundred are told', () => {
    const text = `version: x\n${Array.from({ length: 5000 }, (_, i) => `key${i}: 1`).join('\n')}`;
    expect(problemsOf(text)).toHaveLength(PROBLEMS_MAX);
  });

  test('is told without the letters that could command a terminal, and not at full length', () => {
    const [[, , message] = []] = problemsOf(`version: x\n"\\e[31m\\u202E${'x'.repeat(500)}": 1`);
    expect(message).toMatch(/^unknown key '\\u\{1b\}\[31m\\u\{202e\}x+…'; /);
    expect(message!.length).toBeLessThan(300);
  });
});

describe('bytes that are no UTF-8', () => {
  const bytes = (...parts: readonly (string | number)[]): Uint8Array =>
    Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part))));
  const placesOf = (content: Uint8Array): string[] => {
    const parsed = parsePolicyYaml(content);
    return parsed.ok ? [] : parsed.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
  };
  const NO_UTF8 = 'bytes that are no text in UTF-8: save the file as UTF-8';

  test('are told with the line of each, and never become another name', () => {
    expect(placesOf(bytes('version: "caf', 0xe9, '"\n# fine\npurposes: ', 0xff, 0xff, '\n'))).toEqual([
      `1:14 ${NO_UTF8}`,
      `3:11 ${NO_UTF8}`,
    ]);
    // A replacement character that somebody wrote is a character.
    expect(placesOf(bytes('version: "\ufffd"\n'))).toEqual([]);
    expect(placesOf(bytes('version: "\ufffd\ufffd', 0xc3, '"'))).toEqual([`1:13 ${NO_UTF8}`]);
  });

  test('are told once of a file that is no text at all', () => {
    const packed = placesOf(gzipSync(POLICY_YAML.repeat(20)));
    expect(packed).toEqual([expect.stringMatching(/^1:2 bytes that are no text/)]);
  });

  test('are the only ones that are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (content) => {
        const isText = Buffer.from(Buffer.from(content).toString('utf8')).equals(content);
        expect(placesOf(content).some((place) => place.endsWith(NO_UTF8))).toBe(!isText);
      }),
    );
  });
});

test('control characters, which nobody sees and YAML does not have, are told with the line of each', () => {
  expect(problemsOf('version: "é\0\0"\r\n# fine\t\npurposes: \u001boptional\n')).toEqual([
    ['1:12', '', 'a control character (U+0000): leave it out, or write "\\x00" in double quotes'],
    ['3:11', '', 'a control character (U+001B): leave it out, or write "\\x1b" in double quotes'],
  ]);
  expect(problemsOf('version: "\\x00"\n')).toEqual([]);
});

describe('a file that is no policy at all', () => {
  test.each([
    ['too many nested lists', '['.repeat(20_000), 'nested too deeply: a policy has at most six levels'],
    [
      'too many bytes',
      `version: ${'x'.repeat(YAML_BYTES_MAX - 8)}`,
      'the file is larger than 1048576 bytes: give a shorter policy',
    ],
  ])('is refused for %s', (_, text, message) => {
    expect(problemsOf(text)).toEqual([['1:1', '', message]]);
  });

  test('is refused with a place inside the text, whatever it holds', () => {
    const pieces = fc.constantFrom(
      'version: x',
      'limits:',
      '- ',
      '  ',
      '\n',
      '[',
      ']',
      '{',
      '}',
      '&a ',
      '*a',
      '"',
      '? ',
      ': ',
      '!!str ',
      '# ',
      '\t',
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.oneof(pieces, fc.string({ maxLength: 3 }))).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const parsed = parsePolicyYaml(text);
        if (parsed.ok) return;
        expect(parsed.problems.length).toBeGreaterThan(0);
        for (const { line, column } of parsed.problems) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(text.split('\n').length + 1);
          expect(column).toBeGreaterThanOrEqual(1);
        }
      }),
    );
  });
});

describe('a valid policy', () => {
  test('has the hash that the worked example states', () => {
    expect(parsePolicyYaml(POLICY_YAML)).toMatchObject({ ok: true, hash: '99ced69bc22c29e0' });
  });

  test('means the same as YAML and as JSON, in any order of its keys', () => {
    fc.assert(
      fc.property(policyDocuments, (document) => {
        const fromJson = parsePolicyDocument(document);
        expect(fromJson.ok).toBe(true);
        expect(parsePolicyYaml(stringify(document))).toEqual(fromJson);
        expect(parsePolicyYaml(JSON.stringify(document, null, 2))).toEqual(fromJson);
        const reversed: unknown = Object.fromEntries(Object.entries(document).reverse());
        expect(parsePolicyDocument(reversed)).toMatchObject({ hash: fromJson.ok && fromJson.hash });
      }),
    );
  });

  test('is hashed as written: a default that is spelled out makes another policy', () => {
    const [short, long] = [{ version: 'x' }, { version: 'x', purposes: 'optional' }].map((document) =>
      parsePolicyDocument(document),
    );
    expect(short).toMatchObject({ ok: true, policy: long!.ok ? long!.policy : undefined });
    expect(policyHash({ version: 'x' })).not.toBe(policyHash({ version: 'x', purposes: 'optional' }));
    expect(policyHash({ version: 'x' })).toBe('a077c72011fbf149');
  });

  test('may share parts by alias, which are written out in the document', () => {
    const text = 'version: x\nrestricted: &sensitive [contacts, health]\nconsent: { required: *sensitive }\n';
    const shared = ['contacts', 'health'];
    expect(parsePolicyYaml(text)).toMatchObject({
      ok: true,
      document: { version: 'x', restricted: shared, consent: { required: shared } },
    });
  });

  test('is read by the YAML 1.2 core schema: dates and old booleans are text', () => {
    const parsed = parsePolicyYaml('version: 2026-11-01\nlimits:\n- {name: yes, key: [], count: 0x10, per: 1m, burst: 1e2}');
    expect(parsed).toMatchObject({
      ok: true,
      document: { version: '2026-11-01', limits: [{ name: 'yes', count: 16, burst: 100 }] },
    });
  });
});

test('a document of the log is refused by the same rules, with paths instead of lines', () => {
  const parsed = parsePolicyDocument({ version: 'x', actions: { consent_missing: 'block' } });
  expect(parsed).toEqual({
    ok: false,
    problems: [
      { path: 'actions.consent_missing', message: "unknown action 'block'; known are allow, flag, throttle, intercept" },
    ],
  });
});
