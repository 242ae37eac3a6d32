import { describe, expect, test } from 'vitest';
import { ORIGIN } from '../../../schemas/codes.ts';
import { authorityMark, OPEN, type Authority } from '../../../services/domain/authority/authority.ts';
import { KEYS_MAX } from '../../../services/domain/state/signing-keys.ts';
import { DAY_MS, NOW_MS, OTHER_ROOT, REVIEWER, ROOT, type Said, SECOND_MS, SignedLog, STRANGER } from './signed-log.ts';
import { signed, signerCalled } from './signing.ts';

const BAN: Omit<Said, 'by'> = { type: 'ntk.standing', data: { state: 'banned' } };
const GRANT: Omit<Said, 'by'> = { type: 'ntk.entitlement', data: { category: 'contacts', granted: true } };
const POLICY: Omit<Said, 'by'> = { type: 'ntk.policy', data: { version: 'P' } };
const ERASURE: Omit<Said, 'by'> = { type: 'ntk.erasure', data: { user: 'alice' } };
const PRIOR: Omit<Said, 'by'> = { type: 'ntk.prior', data: { class: 'games' } };
const FACTS = [BAN, GRANT, POLICY, ERASURE, PRIOR];

describe('a fact of authority', () => {
  test.each(FACTS)('of type $type needs a signature by a key in force', (fact) => {
    const log = new SignedLog();
    expect(log.say({ ...fact, by: null })).toBe('unsigned');
    expect(log.append({ ...log.record({ ...fact, by: ROOT }), keyid: 7 })).toBe('unsigned');
    expect(log.append({ ...log.record({ ...fact, by: ROOT }), sig: 'short' })).toBe('unsigned');
    expect(log.say({ ...fact, by: REVIEWER })).toBe('unknown_key');
    expect(log.addKey(REVIEWER)).toBe('taken');
    expect(log.say({ ...fact, by: REVIEWER })).toBe('taken');
    expect(log.say({ ...fact, by: STRANGER, timeMs: NOW_MS + 1 })).toBe('unknown_key');
    expect(log.say({ ...fact, by: ROOT, timeMs: NOW_MS + 2 })).toBe('taken');
  });

  test('of a program leaves nothing behind when it does not count, and what does takes effect', () => {
    const log = new SignedLog();
    log.say({ ...BAN, by: null, subject: 'never-seen' });
    expect(log.fold.state.programs.find('never-seen')).toBeUndefined();
    log.say({ ...BAN, by: ROOT, subject: 'wx1' });
    expect(log.fold.state.programs.find('wx1')?.standing?.state).toBe('banned');
  });

  test('counts only where its key may sign it', () => {
    const log = new SignedLog();
    log.addKey(REVIEWER, { types: ['ntk.standing', 'ntk.key', 'ntk.unheard'] });
    expect(log.say({ ...BAN, by: REVIEWER })).toBe('taken');
    expect(log.say({ ...GRANT, by: REVIEWER })).toBe('key_not_for_type');
    expect(log.addKey(STRANGER, { by: REVIEWER })).toBe('key_not_for_type');
    log.addKey(STRANGER, { types: [] });
    expect(log.say({ ...BAN, by: STRANGER, timeMs: NOW_MS + 1 })).toBe('key_not_for_type');
  });

  test('is refused when somebody else signed in the name of a key', () => {
    const log = new SignedLog();
    log.addKey(REVIEWER);
    const record = { ...signed(log.record({ ...BAN, by: null }), STRANGER), keyid: REVIEWER.keyid };
    expect(log.append(record)).toBe('bad_signature');
  });

  test('meant for one log does not count in another', () => {
    const log = new SignedLog();
    expect(log.say({ ...BAN, by: ROOT, more: { logid: 'rehearsal' } })).toBe('other_log');
    expect(log.say({ ...BAN, by: ROOT, more: { logid: 'signed-log' } })).toBe('taken');
  });
});

describe('a key', () => {
  test('comes into force and leaves it at its place in the log; what it signed before stays', () => {
    const log = new SignedLog();
    const hour = 3_600_000;
    log.addKey(REVIEWER, { timeMs: NOW_MS - 3 * hour });
    expect(log.say({ ...BAN, by: REVIEWER, timeMs: NOW_MS - 2 * hour })).toBe('taken');
    expect(log.addKey(REVIEWER, { state: 'revoked', timeMs: NOW_MS - hour })).toBe('taken');
    expect(log.say({ ...BAN, by: REVIEWER })).toBe('revoked_key');
    expect(log.fold.state.programs.find('wx1')?.standing?.state).toBe('banned');
    log.forget();
    // The word that put it in force, kept by somebody and said again.
    expect(log.addKey(REVIEWER, { timeMs: NOW_MS - 3 * hour })).toBe('superseded');
    // Two words about one key need different times.
    expect(log.addKey(REVIEWER, { timeMs: NOW_MS - hour })).toBe('superseded');
    expect(log.addKey(REVIEWER, { timeMs: NOW_MS })).toBe('taken');
    expect(log.say({ ...BAN, by: REVIEWER, timeMs: NOW_MS + 1 })).toBe('taken');
  });

  test('of root is configured, signs everything, and can be revoked by another one in the log', () => {
    const log = new SignedLog();
    expect(log.addKey(ROOT, { state: 'revoked', by: OTHER_ROOT })).toBe('taken');
    expect(log.say({ ...BAN, by: ROOT })).toBe('revoked_key');
    expect(log.addKey(STRANGER, { by: ROOT })).toBe('revoked_key');
    expect(log.addKey(STRANGER, { by: OTHER_ROOT })).toBe('taken');
  });

  test('is kept over a restart, with the times of what it signed', () => {
    const authority: Authority = { mode: 'signed', roots: [ROOT.publicKey] };
    const log = new SignedLog(authority);
    log.addKey(REVIEWER, { types: ['ntk.standing', 'ntk.entitlement'] });
    log.addKey(STRANGER, { state: 'revoked' });
    for (const fact of [BAN, GRANT]) log.say({ ...fact, by: REVIEWER });
    log.say({ ...POLICY, by: ROOT });
    log.forget();
    const again = log.restarted(authority);
    expect(again.fold.state.keys.count).toBe(2);
    expect(again.say({ ...BAN, by: STRANGER, timeMs: NOW_MS + 1 })).toBe('revoked_key');
    for (const fact of [BAN, GRANT]) expect(again.say({ ...fact, by: REVIEWER })).toBe('superseded');
    expect(again.say({ ...POLICY, by: ROOT })).toBe('superseded');
    expect(again.say({ ...POLICY, by: REVIEWER, timeMs: NOW_MS + 1 })).toBe('key_not_for_type');
    expect(again.say({ ...GRANT, by: REVIEWER, timeMs: NOW_MS + 1 })).toBe('taken');
  });

  test('is refused when the log names as many as a partition remembers, one that it names is not', () => {
    const log = new SignedLog();
    const keys = Array.from({ length: KEYS_MAX }, (_, i) => signerCalled(`key ${i}`));
    for (const key of keys) log.fold.state.keys.put({ ...key, isActive: true, types: null, by: '', reason: '' }, 0);
    expect(log.addKey(STRANGER)).toBe('too_many_keys');
    expect(log.addKey(keys[7]!, { state: 'revoked' })).toBe('taken');
    expect(log.say({ ...BAN, by: ROOT })).toBe('taken');
  });
});

describe('a fact that somebody kept and appends again', () => {
  const grant = { category: 'contacts', granted: true };

  test('is a duplicate while the window knows it, whatever was said since', () => {
    const log = new SignedLog();
    const kept = log.record({ ...GRANT, by: ROOT });
    expect(log.append(kept)).toBe('taken');
    expect(log.append(kept)).toBe('duplicate');
    log.say({ ...GRANT, data: { ...grant, granted: false }, by: ROOT, timeMs: NOW_MS + SECOND_MS });
    expect(log.append(kept)).toBe('duplicate');
  });

  test.each([0, 1])('does not take effect once the window forgot it (times %d ms apart), however it comes in', (apartMs) => {
    const log = new SignedLog();
    const kept = log.record({ ...GRANT, by: ROOT });
    log.append(kept);
    const revoke = log.say({ ...GRANT, data: { ...grant, granted: false }, by: ROOT, timeMs: NOW_MS + apartMs });
    // Two facts about one thing need different times: which is the newer one must not be a matter of luck.
    expect(revoke).toBe(apartMs === 0 ? 'superseded' : 'taken');
    log.forget();
    for (const origin of [ORIGIN.live, ORIGIN.imported, ORIGIN.run]) expect(log.append(kept, { origin })).toBe('superseded');
    expect(log.fold.state.programs.find('wx1')?.entitlements?.has('contacts')).toBe(apartMs === 0);
  });

  test('does not take effect after an earlier state was withdrawn for good and long ago', () => {
    const log = new SignedLog();
    const kept = log.record({ ...BAN, data: { state: 'active' }, by: ROOT });
    log.append(kept);
    log.say({ ...BAN, by: ROOT, timeMs: NOW_MS + 1 });
    log.forget();
    expect(log.append(kept, { appendedAtMs: NOW_MS + 30 * DAY_MS })).toBe('too_old');
    expect(log.append(kept, { appendedAtMs: NOW_MS + 30 * DAY_MS, origin: ORIGIN.run })).toBe('superseded');
    expect(log.fold.state.programs.find('wx1')?.standing?.state).toBe('banned');
  });

  test('concerns only what it is about: another program, category or key has times of its own', () => {
    const log = new SignedLog();
    log.say({ ...GRANT, by: ROOT });
    expect(log.say({ ...GRANT, data: { ...grant, category: 'photos' }, by: ROOT, timeMs: NOW_MS - 1 })).toBe('taken');
    expect(log.say({ ...GRANT, by: ROOT, subject: 'wx2', timeMs: NOW_MS - 1 })).toBe('taken');
    expect(log.say({ ...BAN, by: ROOT, timeMs: NOW_MS - 1 })).toBe('taken');
    expect(log.say({ ...GRANT, by: ROOT, timeMs: NOW_MS - 1 })).toBe('superseded');
    log.addKey(REVIEWER, { timeMs: NOW_MS });
    expect(log.addKey(STRANGER, { timeMs: NOW_MS - 1 })).toBe('taken');
  });

  test.each([BAN, GRANT, POLICY])('of type $type is followed by one that is a microsecond newer', (fact) => {
    const log = new SignedLog();
    expect(log.say({ ...fact, by: ROOT })).toBe('taken');
    const time = new Date(NOW_MS).toISOString().replace('000Z', '000001Z');
    expect(log.say({ ...fact, by: ROOT, more: { time } })).toBe('taken');
    expect(log.say({ ...fact, by: ROOT, more: { time } })).toBe('superseded');
  });

  test('of priors: those of one edition share a time, an earlier edition is over', () => {
    const log = new SignedLog();
    for (const id of ['a', 'b']) expect(log.say({ ...PRIOR, by: ROOT, id })).toBe('taken');
    expect(log.say({ ...PRIOR, by: ROOT, timeMs: NOW_MS - 1 })).toBe('superseded');
  });

  test('is too old when it comes in live: seven days, an erasure one; history is not', () => {
    for (const { type, data, ageMs } of [
      { ...BAN, ageMs: 7 * DAY_MS },
      { ...ERASURE, ageMs: DAY_MS },
    ]) {
      const log = new SignedLog();
      const fact = { type, data, by: ROOT, timeMs: NOW_MS };
      expect(log.say({ ...fact, appendedAtMs: NOW_MS + ageMs + 1 })).toBe('too_old');
      for (const origin of [ORIGIN.imported, ORIGIN.run])
        expect(
          log.say({
            ...fact,
            subject: fact.type === 'ntk.standing' ? `wx${origin}` : '*',
            appendedAtMs: NOW_MS + ageMs + 1,
            origin,
          }),
        ).toBe('taken');
      expect(log.say({ ...fact, timeMs: NOW_MS + 1, appendedAtMs: NOW_MS + 1 + ageMs })).toBe('taken');
    }
  });

  test('of an erasure more than a day older than the newest is over, also as history', () => {
    const log = new SignedLog();
    log.say({ ...ERASURE, by: ROOT });
    const fact = { ...ERASURE, by: ROOT, origin: ORIGIN.run };
    expect(log.say({ ...fact, timeMs: NOW_MS - DAY_MS })).toBe('taken');
    expect(log.say({ ...fact, timeMs: NOW_MS - DAY_MS - 1 })).toBe('superseded');
  });

  test('from a clock that is ahead would shut out those after it, and is refused', () => {
    const log = new SignedLog();
    expect(log.say({ ...POLICY, by: ROOT, timeMs: NOW_MS + 300 * SECOND_MS + 1 })).toBe('ahead_of_time');
    expect(log.say({ ...POLICY, by: ROOT, timeMs: NOW_MS + 300 * SECOND_MS })).toBe('taken');
  });

  test('that was refused is no duplicate: it counts when it may', () => {
    const log = new SignedLog();
    const early = log.record({ ...BAN, by: REVIEWER });
    expect(log.append(early)).toBe('unknown_key');
    log.addKey(REVIEWER);
    expect(log.append(early)).toBe('taken');
  });
});

describe('what is no fact of authority', () => {
  test.each([
    ['ntk.access', { user: 'u', api: 'wx.getLocation' }],
    ['ntk.consent', { user: 'u', state: 'granted', categories: ['*'] }],
    ['ntk.declaration', { version: 1, purposes: [] }],
    ['ntk.review', { disposition: 'expected' }],
  ])('(%s) needs no signature, and one that it has is not looked at', (type, data) => {
    const log = new SignedLog();
    expect(log.say({ type, data, by: null })).toBe('taken');
    expect(log.say({ type, data: { ...data, version: 2 }, by: null, more: { keyid: 5, sig: 'none' } })).toBe('taken');
  });
});

describe('the mark of an authority', () => {
  const markOf = (...roots: readonly string[]): string => authorityMark({ mode: 'signed', roots });

  test('names its root keys, in whatever order they are configured', () => {
    const [one, other] = [ROOT.publicKey, OTHER_ROOT.publicKey];
    expect(markOf(one, other)).toMatch(/^signed:[0-9a-f]{16}$/);
    expect(markOf(other, one)).toBe(markOf(one, other));
    expect(new Set([markOf(one, other), markOf(one), markOf(other), authorityMark(OPEN)]).size).toBe(4);
    expect(authorityMark({ mode: 'open', isAssumed: true })).toBe('open');
  });
});

describe('an open log', () => {
  test('takes facts from everybody and looks at no signature; keys are facts without effect', () => {
    const log = new SignedLog(OPEN);
    for (const fact of FACTS) expect(log.say({ ...fact, by: null, more: { keyid: {}, sig: 7 } })).toBe('taken');
    expect(log.addKey(REVIEWER, { by: null })).toBe('taken');
    expect(log.fold.state.keys.isEmpty).toBe(true);
    const closed = log.restarted({ mode: 'signed', roots: [ROOT.publicKey] });
    expect(closed.say({ ...BAN, by: REVIEWER })).toBe('unknown_key');
    expect(closed.fold.state.programs.find('wx1')?.standing?.state).toBe('banned');
  });
});
