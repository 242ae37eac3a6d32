import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Authority } from '../../../services/domain/authority/authority.ts';
import { appendKey, keyHistory } from '../../../services/system/facts/key-history.ts';
import { appendPolicy, policyHistory } from '../../../services/system/facts/policy-history.ts';
import { UserError } from '../../../services/system/user-error.ts';
import { ScoredLog } from '../../crash/scored-log.ts';
import { signerCalled } from '../../domain/authority/signing.ts';

const ROOT = signerCalled('root');
const OWNER = signerCalled('policy owner');
const AUTHORITY: Authority = { mode: 'signed', roots: [ROOT.publicKey] };

let scored: ScoredLog;
beforeEach(async () => {
  scored = await ScoredLog.make();
});
afterEach(() => scored.remove());

async function say(state: 'active' | 'revoked'): Promise<void> {
  const words = { publicKey: OWNER.publicKey, state, types: null, by: 'ops', reason: 'tried out', nowMs: scored.clock.nowMs() };
  await appendKey(scored.log, await keyHistory(scored.log, AUTHORITY), words, ROOT);
}

async function applyPolicy(version: string): Promise<void> {
  const policy = {
    document: { version },
    hash: version,
    by: 'owner',
    signer: OWNER,
    origin: 0 as const,
    nowMs: scored.clock.nowMs(),
  };
  await appendPolicy(scored.log, await policyHistory(scored.log, AUTHORITY), policy);
}

const stateOf = async (): Promise<string | undefined> => (await keyHistory(scored.log, AUTHORITY)).keys.get(OWNER.keyid)?.state;

describe('the history of keys and policies', () => {
  test('says what the fold does, whatever is said within one moment', async () => {
    await expect(applyPolicy('P')).rejects.toThrow(UserError);
    // The clock stands still: the commands see to times of their own.
    for (const state of ['active', 'revoked', 'active'] as const) await say(state);
    for (const version of ['P', 'Q', 'R']) await applyPolicy(version);
    await say('revoked');
    await expect(applyPolicy('S')).rejects.toThrow('revoked_key');
    const { state } = await scored.scored({ authority: AUTHORITY });
    expect(state.policy.version).toBe('R');
    expect(state.keys.find(OWNER.keyid)?.isActive).toBe(false);
    expect(await stateOf()).toBe('revoked');
    const { changes, refused } = await policyHistory(scored.log, AUTHORITY);
    expect([changes.map(({ policy }) => policy.version), refused]).toEqual([['P', 'Q', 'R'], []]);
    expect((await keyHistory(scored.log, AUTHORITY)).refused).toEqual([]);
  });

  test('knows a key whose record has aged out of the log, which can still be revoked', async () => {
    await say('active');
    await applyPolicy('P');
    // A segment of its own, so that it can be removed.
    await scored.append(998);
    await (await scored.scored({ authority: AUTHORITY })).stop();
    await scored.append(10);
    await scored.log.deleteBefore('access', 0, 1_000);
    expect((await scored.log.bounds('access', 0)).start).toBeGreaterThan(1);
    const { keys } = await keyHistory(scored.log, AUTHORITY);
    expect(keys.get(OWNER.keyid)).toMatchObject({ state: 'active', isRoot: false, offset: null, timeMs: scored.clock.nowMs() });
    await applyPolicy('Q');
    await say('revoked');
    expect(await stateOf()).toBe('revoked');
    await expect(applyPolicy('R')).rejects.toThrow('revoked_key');
    const { state } = await scored.scored({ authority: AUTHORITY });
    expect([state.policy.version, state.keys.find(OWNER.keyid)?.isActive]).toEqual(['Q', false]);
  });

  test('of an open log takes every policy as it comes', async () => {
    const open: Authority = { mode: 'open' };
    const policy = {
      document: { version: 'P' },
      hash: 'P',
      by: '',
      signer: null,
      origin: 0 as const,
      nowMs: scored.clock.nowMs(),
    };
    await appendPolicy(scored.log, await policyHistory(scored.log, open), policy);
    expect((await policyHistory(scored.log, open)).changes.map(({ signedBy }) => signedBy)).toEqual(['']);
    expect((await policyHistory(scored.log, AUTHORITY)).refused.map(({ refused }) => refused)).toEqual(['unsigned']);
  });
});
