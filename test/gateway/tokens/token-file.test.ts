import { describe, expect, it } from 'vitest';
import { withoutToken, withToken } from '../../../services/gateway/tokens/edit-token-file.ts';
import { parseTokenFile, TYPES_DEFAULT } from '../../../services/gateway/tokens/token-file.ts';

const SHA = 'a'.repeat(64);
const OTHER_SHA = 'b'.repeat(64);

function problems(text: string): string[] {
  const parsed = parseTokenFile(text);
  return parsed.ok ? [] : parsed.problems.map(({ line, message }) => `${line}: ${message}`);
}

describe('a file of tokens', () => {
  it('gives a token that does not say otherwise what hosts report, and no facts of authority', () => {
    const parsed = parseTokenFile(`tokens:\n  - {name: a, sha256: ${SHA}, sources: [host/a]}\n`);
    expect(parsed).toMatchObject({ ok: true, tokens: [{ name: 'a', sources: ['host/a'], types: TYPES_DEFAULT }] });
    for (const type of ['ntk.policy', 'ntk.standing', 'ntk.entitlement', 'ntk.erasure', 'ntk.prior'])
      expect(TYPES_DEFAULT).not.toContain(type);
  });

  it('may be JSON', () => {
    const text = JSON.stringify({ tokens: [{ name: 'a', sha256: SHA, sources: ['s'], expires: '2027-01-01T00:00:00+01:00' }] });
    expect(parseTokenFile(text)).toMatchObject({ ok: true, tokens: [{ expires: '2027-01-01T00:00:00+01:00' }] });
  });

  it('says all that is wrong at once, with its lines', () => {
    const text = `tokens:
  - name: one
    sha256: ${SHA}
    sources: []
  - name: two words
    sha256: ${SHA}
    sources: [a]
    types: [ntk.acess]
  - name: one
    sources: [a]
    recordsPerSecond: 0
    expires: soon
    colour: red
`;
    expect(problems(text)).toEqual([
      expect.stringMatching(/^4: tokens\[0\]\.sources: /),
      expect.stringMatching(/^5: tokens\[1\]\.name: found 'two words': give a name/),
      expect.stringMatching(/^8: tokens\[1\]\.types\[0\]: unknown type 'ntk.acess'; did you mean 'ntk.access'/),
      expect.stringMatching(/^9: tokens\[2\]\.sha256: give the SHA-256/),
      expect.stringMatching(/^11: tokens\[2\]\.recordsPerSecond: found 0/),
      expect.stringMatching(/^12: tokens\[2\]\.expires: found 'soon'/),
      expect.stringMatching(/^13: tokens\[2\]\.colour: unknown field of a token 'colour'/),
    ]);
  });

  it('holds each name and each secret once', () => {
    const entry = (name: string, sha: string): string => `  - {name: ${name}, sha256: ${sha}, sources: [s]}\n`;
    expect(problems(`tokens:\n${entry('a', SHA)}${entry('a', OTHER_SHA)}${entry('b', SHA)}`)).toEqual([
      '3: tokens[1].name: token 1 of the list has the same name: each needs its own',
      '4: tokens[2].sha256: token 1 of the list has the same sha256: each needs its own',
    ]);
  });

  it.each([
    ['', /1: .*missing/],
    ['tokens: [', /not YAML/],
    ['a: &x 1\ntokens: *x', /aliases/],
    ['- 1', /1: /],
    ['tokens: 7', /list of tokens/],
    ['%YAML 1.1\n---\ntokens: []\n---\ntokens: []', /not YAML/],
  ])('%j is refused', (text, says) => {
    expect(problems(text).join('\n')).toMatch(says);
  });

  it('does not repeat what may be a secret in the wrong place', () => {
    const secret = 'ntk_verysecret';
    const text = `tokens:\n  - {name: a, sha256: ${secret}, sources: [s]}\n`;
    expect(problems(text).join()).toContain('sha256');
    expect(problems(text).join()).not.toContain(secret);
  });

  it('keeps what a person wrote when a token is added and taken out', () => {
    const before = `# our hosts\ntokens:\n  - name: a # the first\n    sha256: ${SHA}\n    sources:\n      - s\n`;
    const added = withToken(before, { name: 'b', sha256: OTHER_SHA, sources: ['t'] });
    if (!added.ok) throw new Error(added.problems[0]?.message);
    expect(added.text).toContain('# our hosts');
    expect(added.text).toContain('name: a # the first');
    expect(parseTokenFile(added.text)).toMatchObject({ tokens: [{ name: 'a' }, { name: 'b' }] });
    expect(withoutToken(added.text, 'b')).toEqual({ ok: true, text: before });
    expect(withoutToken(before, 'b')).toBeNull();
  });

  it('stays JSON when it is JSON', () => {
    const added = withToken('{"tokens":[]}', { name: 'b', sha256: OTHER_SHA, sources: ['t'] });
    if (!added.ok) throw new Error(added.problems[0]?.message);
    expect(JSON.parse(added.text)).toEqual({ tokens: [{ name: 'b', sha256: OTHER_SHA, sources: ['t'] }] });
  });
});
