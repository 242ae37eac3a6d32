/** Whose facts of authority count is changed between two runs of the scorer: where that may be, and where it is refused. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Authority, authorityMark } from '../../services/domain/authority/authority.ts';
import { ENGINE_VERSION } from '../../services/domain/engine.ts';
import { decodeManifest } from '../../services/scorer/manifest.ts';
import { PartitionScorer } from '../../services/scorer/partition-scorer.ts';
import { PartitionRefused } from '../../services/scorer/partition-refused.ts';
import { signerCalled } from '../domain/authority/signing.ts';
import { contiguousEnd, ScoredLog } from './scored-log.ts';

const signedBy = (...names: string[]): Authority => ({
  mode: 'signed',
  roots: names.map((name) => signerCalled(name).publicKey),
});
const STATED_OPEN: Authority = { mode: 'open' };
const ASSUMED_OPEN: Authority = { mode: 'open', isAssumed: true };

let scored: ScoredLog;
beforeEach(async () => {
  scored = await ScoredLog.make();
});
afterEach(() => scored.remove());

async function refusal(authority: Authority): Promise<PartitionRefused | null> {
  const before = await scored.ends();
  try {
    await PartitionScorer.take({ ...scored.options(), authority });
    return null;
  } catch (error) {
    expect(await scored.ends()).toEqual(before);
    if (error instanceof PartitionRefused) return error;
    throw error;
  }
}

/** Judges some records and ends: cleanly, or as a kill would. */
async function judge(authority: Authority, end: 'cleanly' | 'killed'): Promise<PartitionScorer> {
  await scored.append(60);
  const scorer = await scored.scored({ authority });
  if (end === 'cleanly') await scorer.stop();
  return scorer;
}

describe('another authority', () => {
  test.each([
    ['is asked for where there was none', STATED_OPEN, signedBy('root')],
    ['has a root key more', signedBy('root'), signedBy('root', 'spare')],
    ['has a root key less', signedBy('root', 'spare'), signedBy('root')],
    ['is given up by name', signedBy('root'), STATED_OPEN],
  ])('that %s is refused in one line after a kill, and goes on after a clean end', async (_, before, after) => {
    await judge(before, 'killed');
    const refused = await refusal(after);
    expect(refused?.code).toBe('authority_changed');
    expect(refused?.message).toMatch(/^partition 0 was judged with .* no checkpoint stands at its end: put NTK_AUTHORITY .*$/);
    await judge(before, 'cleanly');
    expect(await refusal(after)).toBeNull();
    await judge(after, 'killed');
    const headers = (await scored.blocks()).map(({ header }) => header);
    expect(contiguousEnd(await scored.blocks())).toBe(180);
    expect([headers[0]!.authority, headers.at(-1)!.authority]).toEqual([authorityMark(before), authorityMark(after)]);
  });

  test('finds its way back after a kill before its first own checkpoint, and after it was found damaged does not', async () => {
    await judge(STATED_OPEN, 'cleanly');
    await judge(signedBy('root'), 'killed');
    const again = await scored.scored({ authority: signedBy('root') });
    expect([again.position, again.refolded]).toEqual([120, 60]);
    const [key] = await scored.checkpointKeys('page/head/');
    await scored.putCheckpoint(key!, Buffer.from('damaged'));
    expect((await refusal(signedBy('root')))?.code).toBe('authority_changed');
  });

  test('is none when the same root keys stand in another order', async () => {
    await judge(signedBy('root', 'spare'), 'killed');
    expect(await refusal(signedBy('spare', 'root'))).toBeNull();
  });

  test('that nobody asked for is refused even after a clean end: a setting was forgotten', async () => {
    await judge(signedBy('root'), 'cleanly');
    const refused = await refusal(ASSUMED_OPEN);
    expect(refused?.code).toBe('authority_changed');
    expect(refused?.message).toMatch(/now nothing says whose count: set NTK_AUTHORITY=signed .*$/);
    // Also where nothing but the checkpoint says whose facts counted.
    await scored.log.deleteBefore('results', 0, (await scored.ends()).results);
    expect((await refusal(ASSUMED_OPEN))?.code).toBe('authority_changed');
    expect(await refusal(signedBy('root'))).toBeNull();
  });
});

test('another engine finds its way back after a kill before its first own checkpoint, too', async () => {
  await judge(STATED_OPEN, 'cleanly');
  await scored.changeLastHeader({ engine: ENGINE_VERSION - 1 });
  const [key] = await scored.checkpointKeys('manifest/');
  const manifest = decodeManifest((await scored.log.getKeyed('checkpoints', 0, key!))!)!;
  const { authority: _, ...asBefore } = { ...manifest, engine: ENGINE_VERSION - 1 };
  await scored.putCheckpoint(key!, Buffer.from(JSON.stringify(asBefore)));
  await judge(STATED_OPEN, 'killed');
  const again = await scored.scored();
  expect([again.position, again.refolded]).toEqual([120, 60]);
});
