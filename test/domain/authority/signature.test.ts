import { createHash, sign } from 'node:crypto';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPublicKey, keyidOf } from '../../../schemas/public-key.ts';
import { Admission } from '../../../services/domain/authority/admission.ts';
import { isSignedBy, signEvent, verifyingKey } from '../../../services/domain/authority/signature.ts';
import { encodingOf } from '../../../services/domain/record/json.ts';
import { parseRecord } from '../../../services/domain/record/parse.ts';
import { SigningKeys } from '../../../services/domain/state/signing-keys.ts';
import { signed, signerCalled } from './signing.ts';

const root = signerCalled('root');
const key = verifyingKey(root.publicKey);

const STANDING = {
  specversion: '1.0',
  id: 'stand-1',
  source: 'reviews/αβγ 😀',
  type: 'ntk.standing',
  subject: 'wx1',
  time: '2026-03-01T08:00:00.5Z',
  data: { state: 'banned', reason: 'sends contacts “away”\u2028', extra: [1.5, -0, 1e21, null, { b: 1, a: [] }], until: null },
};

type Verdict = 'counts' | 'refused';

/** What becomes of bytes in a log that trusts the root. */
function judged(raw: Buffer): Verdict {
  const record = parseRecord(raw, 0, raw.length, encodingOf(raw));
  if (record.type !== 'ntk.standing') return 'refused';
  return new Admission('log', new SigningKeys(), [root.publicKey]).signatureProblem(record.type, raw) === null
    ? 'counts'
    : 'refused';
}

/** The value that the bytes say, in canonical form; null when they say none. */
function meaning(raw: Buffer): string | null {
  try {
    return canonicalize(JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw))) ?? null;
  } catch {
    return null;
  }
}

describe('a signed record', () => {
  const raw = Buffer.from(JSON.stringify(signed(STANDING, root)));

  test('counts, and any byte of it that is changed so that it says something else makes it count no more', () => {
    expect(judged(raw)).toBe('counts');
    const original = meaning(raw);
    let meant = 0;
    for (let at = 0; at < raw.length; at++) {
      for (const flip of [1, 2, 0x20, 0x80]) {
        const changed = Buffer.from(raw);
        changed[at]! ^= flip;
        const isSame = meaning(changed) === original;
        expect([at, flip, judged(changed)]).toEqual([at, flip, isSame ? 'counts' : 'refused']);
        if (!isSame) meant++;
      }
    }
    expect(meant).toBeGreaterThan(raw.length * 3);
  });

  test('counts no more with a byte too many or too few, unless it means the same', () => {
    fc.assert(
      fc.property(fc.nat({ max: raw.length - 1 }), fc.integer({ min: 0x20, max: 0x7e }), fc.boolean(), (at, byte, isMore) => {
        const changed = isMore
          ? Buffer.concat([raw.subarray(0, at), Buffer.from([byte]), raw.subarray(at)])
          : Buffer.concat([raw.subarray(0, at), raw.subarray(at + 1)]);
        expect(judged(changed)).toBe(meaning(changed) === meaning(raw) ? 'counts' : 'refused');
      }),
      { numRuns: 2000 },
    );
  });

  test('may be passed on in any form that means the same: order of names, spaces, escapes, -0, repeated names', () => {
    const { sig, keyid, ...rest } = signed(STANDING, root) as Record<string, unknown>;
    const reordered = Object.fromEntries(Object.entries({ sig, ...rest, keyid }).reverse());
    const escaped = JSON.stringify(reordered, null, '\t').replaceAll(/[^\u0020-\u007e\t\n]/g, (unit) => {
      return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
    });
    expect(judged(Buffer.from(escaped))).toBe('counts');
    const text = raw.toString('utf8');
    expect(judged(Buffer.from(text.replace('[1.5,0,', '[15e-1,-0.0,')))).toBe('counts');
    // Of repeated names the last counts, for the signature as for what is read.
    expect(judged(Buffer.from(text.replace('"subject":"wx1"', '"subject":"wx2","subject":"wx1"')))).toBe('counts');
    expect(judged(Buffer.from(text.replace('"subject":"wx1"', '"subject":"wx1","subject":"wx2"')))).toBe('refused');
  });

  test('does not count with its signature spelled otherwise: unused bits, URL alphabet, spaces', () => {
    const { sig, ...rest } = signed(STANDING, root) as { sig: string };
    const unusedBits = sig.slice(0, 85) + { A: 'B', Q: 'R', g: 'h', w: 'x' }[sig[85] as 'A'] + '==';
    expect(Buffer.from(unusedBits, 'base64')).toEqual(Buffer.from(sig, 'base64'));
    for (const spelled of [
      unusedBits,
      sig.slice(0, 86),
      ` ${sig}`,
      `${sig}\n`,
      sig.replace(/[+/]|^./, '-'),
      '',
      null,
      5,
      [sig],
      { sig },
    ])
      expect(judged(Buffer.from(JSON.stringify({ ...rest, sig: spelled })))).toBe('refused');
  });

  test('with a number that canonical JSON cannot say is refused and harms nobody', () => {
    const text = raw.toString('utf8').replace('[1.5,', '[1e999,');
    expect(judged(Buffer.from(text))).toBe('refused');
    expect(signEvent(JSON.parse(text) as Record<string, unknown>, root)).toBeNull();
  });

  test('of any JSON is as it was signed after a round through text', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()), (some) => {
        const event = JSON.parse(JSON.stringify(some)) as Record<string, unknown>;
        const again = JSON.parse(JSON.stringify(signEvent(event, root)!)) as { sig: string };
        expect(isSignedBy(key, again as never, again.sig)).toBe(true);
        expect(isSignedBy(key, { ...again, added: 1 }, again.sig)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a public key', () => {
  test('is called by its fingerprint and can be taken up whatever its bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const publicKey = Buffer.from(bytes).toString('base64');
        expect(keyidOf(publicKey)).toBe(createHash('sha256').update(bytes).digest('hex').slice(0, 32));
        if (!isPublicKey(publicKey)) return;
        // No valid signature, no error either.
        expect(isSignedBy(verifyingKey(publicKey), { a: 1 }, Buffer.alloc(64, 7).toString('base64'))).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  test('that anybody can sign for is none', () => {
    // The neutral point and others of small order; some libraries verify forgeries under them, so it is not left to them.
    const neutral = `01${'00'.repeat(31)}`;
    const points = [
      neutral,
      '0000000000000000000000000000000000000000000000000000000000000080',
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    ];
    for (const point of points) expect(isPublicKey(Buffer.from(point, 'hex').toString('base64'))).toBe(false);
    expect(isPublicKey(root.publicKey)).toBe(true);
  });

  test('verifies what openssl signs for it', () => {
    const event = { a: 'ü', n: 1 };
    const sig = sign(null, Buffer.from('{"a":"ü","n":1}'), root.privateKey).toString('base64');
    expect(isSignedBy(key, { n: 1, a: 'ü', sig }, sig)).toBe(true);
    expect(isSignedBy(verifyingKey(signerCalled('other').publicKey), event, sig)).toBe(false);
  });
});
