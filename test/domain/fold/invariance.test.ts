import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Authority, OPEN } from '../../../services/domain/authority/authority.ts';
import type { PartitionFold } from '../../../services/domain/fold/fold.ts';
import { PAGE_KINDS, pagesByKind } from '../../../services/domain/fold/partition-state.ts';
import { EVENTS, POLICY_YAML } from '../../conformance/example.ts';
import { APPENDED_MS, makeSignedTraffic, ROOTS } from '../../reference/signed-traffic.ts';
import { signed } from '../authority/signing.ts';
import { classPriorOf } from '../../../services/domain/baselines/priors/class-prior.ts';
import { C_CELLS } from '../../../services/domain/baselines/state/class-rows.ts';
import { DAY, declarations, type Fact, HOUR, inOrder, ordinaryUses, programName, recordsOf, START } from './platform.ts';
import { foldAll, foldInput, newFold as newFoldOf, partitioned, type PlacedRecord } from './partitioned.ts';

const PARTITIONS = 2;
/** What a log holds, and whose facts count in it. */
interface Told {
  readonly records: readonly (readonly PlacedRecord[])[];
  readonly authority: Authority;
  readonly appendedAtMs: number;
}
const example: Told = {
  records: partitioned(EVENTS, POLICY_YAML, PARTITIONS),
  authority: OPEN,
  appendedAtMs: 1_700_000_000_000,
};
/** Small, so that ids leave the window while the example runs. */
const WINDOW = 500;

function newFold(partition: number, authority: Authority = OPEN): PartitionFold {
  return newFoldOf({ logId: 'example', partition, partitions: PARTITIONS, authority, windowCapacity: WINDOW });
}

interface Folded {
  readonly rows: Buffer;
  readonly verdicts: readonly string[];
  readonly rejects: readonly string[];
  readonly hash: string;
}

/** Pages as a store keeps them: the newest version of each. */
class Pages {
  readonly #bytes = pagesByKind<Buffer>();

  takeOne(fold: PartitionFold): boolean {
    const next = fold.state.nextPage();
    if (next === null) return false;
    this.#bytes[next.kind][next.page] = Buffer.from(next.bytes);
    return true;
  }

  restored(partition: number, authority: Authority): PartitionFold {
    const fold = newFold(partition, authority);
    fold.state.restore(this.#bytes);
    return fold;
  }
}

/**
 * Folds in batches that end at `cuts`. After a cut in `checkpoints` a checkpoint begins; its pages are taken a few a batch while
 * the fold goes on; when it is complete, the fold is thrown away and taken up from it, and what lies between is folded again.
 */
function fold(
  { records, authority, appendedAtMs }: Told,
  partition: number,
  cuts: readonly number[],
  checkpoints: ReadonlySet<number>,
): Folded {
  const placed = records[partition]!;
  let current = newFold(partition, authority);
  const pages = new Pages();
  let underWay = false;
  const rows = new Map<number, Buffer>();
  const verdicts: string[] = [];
  const rejects: string[] = [];
  let told = 0;
  for (let i = 0; i < cuts.length; ) {
    const from = current.state.position;
    foldAll(current, foldInput(placed, { from, to: cuts[i]!, appendedAtMs }), (outcome) => {
      outcome.rowOffsets.forEach((offset, n) => {
        const row = Buffer.from(outcome.rows.written().subarray(n === 0 ? 0 : outcome.rowEnds[n - 1], outcome.rowEnds[n]));
        const before = rows.get(offset);
        if (before !== undefined) expect(row.equals(before)).toBe(true);
        rows.set(offset, row);
      });
      if (outcome.next <= told) return;
      told = outcome.next;
      verdicts.push(...outcome.verdicts);
      rejects.push(...outcome.rejected);
    });
    if (underWay) {
      for (let n = 0; n < 3 && underWay; n++) underWay = pages.takeOne(current);
      if (!underWay) {
        current = pages.restored(partition, authority);
        i = cuts.findIndex((cut) => cut > current.state.position);
        if (i === -1) break;
        continue;
      }
    } else if (checkpoints.has(i)) {
      current.state.beginCheckpoint();
      underWay = true;
    }
    i++;
  }
  return {
    rows: Buffer.concat([...rows.entries()].sort(([a], [b]) => a - b).map(([, row]) => row)),
    verdicts,
    rejects,
    hash: current.state.chain.hash,
  };
}

function foldWhole(told: Told): Folded[] {
  return told.records.map((placed, partition) => fold(told, partition, [placed.length], new Set()));
}

/** Told on the third day: a class that few here have, and a fleet of every developer. */
function priors(): Fact[] {
  const at = START + 2 * DAY;
  const block = Math.floor(at / (4 * HOUR));
  const said = { category: 'location', scaleHours: 4, block, nats: 9, inExcess: 4, members: 9 };
  const developers = new Set(declarations(12).map(({ data }) => (data as { developer: string }).developer));
  const fleets = [...developers].map((developer) => ({ developer, ...said }));
  const classes = [classPriorOf('maps', new Float64Array(C_CELLS).fill(50))];
  return [
    { at, program: '*', type: 'ntk.prior', data: { kind: 'classes', classes } },
    { at, program: '*', type: 'ntk.prior', data: { kind: 'fleets', fleets } },
  ];
}

/** Five days of twelve programs, and one that polls for what it never took before. */
function baselined(): Told {
  const polls = Array.from({ length: 40 }, (_, i) => {
    const at = START + 4 * DAY + i * 300;
    return { at, program: programName(1), user: 'u1', category: 'camera', foreground: false };
  });
  const uses = ordinaryUses({ programs: 12, days: 5 });
  const lines = recordsOf(inOrder([...declarations(12), ...priors(), ...uses, ...polls])).map(
    ({ value }) => `${value.toString()}\n`,
  );
  const policyYaml = 'version: b\nbaselines: { enabled: true, falseAlarmsPerProgramDay: 0.01 }\n';
  return {
    records: partitioned(Buffer.from(lines.join('')), policyYaml, PARTITIONS),
    authority: OPEN,
    appendedAtMs: APPENDED_MS,
  };
}

/** Whatever the batches, checkpoints and restarts are: the same rows, verdicts, rejects and chained hash. */
function expectInvariance(told: Told, numRuns: number): void {
  const whole = foldWhole(told);
  const longest = Math.max(...told.records.map(({ length }) => length));
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: PARTITIONS - 1 }),
      fc.uniqueArray(fc.integer({ min: 1, max: Math.ceil(longest / 3) }), { minLength: 1, maxLength: 60 }),
      fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { maxLength: 6 }),
      (partition, places, checkpointed) => {
        const { length } = told.records[partition]!;
        const cuts = [...new Set([...places.map((place) => Math.min(place * 3, length)), length])].sort((a, b) => a - b);
        const result = fold(told, partition, cuts, new Set(checkpointed));
        const expected = whole[partition]!;
        expect(result.hash).toBe(expected.hash);
        expect(result.rows.equals(expected.rows)).toBe(true);
        expect(result.verdicts).toEqual(expected.verdicts);
        expect(result.rejects).toEqual(expected.rejects);
      },
    ),
    { numRuns },
  );
}

describe('the fold', () => {
  const { records } = example;

  it('gives the same rows, verdicts, rejects and chained hash whatever the batches, checkpoints and restarts are', () => {
    expectInvariance(example, 25);
  }, 120_000);

  it('does so where facts of authority are signed, too: keys and times are part of the state', () => {
    const { events, policyYaml } = makeSignedTraffic(7, { lines: 1_500, programs: 25 }, 'example');
    const sign = (policy: object): object => signed(policy, ROOTS[0]!);
    const told: Told = {
      records: partitioned(events, policyYaml, PARTITIONS, sign),
      authority: { mode: 'signed', roots: ROOTS.map(({ publicKey }) => publicKey) },
      appendedAtMs: APPENDED_MS,
    };
    const refused = foldWhole(told).flatMap(({ rejects }) => rejects.map((text) => (JSON.parse(text) as { why?: string }).why));
    for (const why of ['revoked_key', 'superseded', 'unknown_key', 'bad_signature']) expect(refused).toContain(why);
    expectInvariance(told, 12);
  }, 120_000);

  it('does so where baselines alarm, too: what is ordinary is a part of the state', () => {
    const told = baselined();
    const rows = foldWhole(told).map((folded) => folded.rows.toString('latin1'));
    for (const said of ['"baseline":{"score":', 'category_new_for_program', 'background_share'])
      expect(rows.join('')).toContain(said);
    expectInvariance(told, 12);
  }, 120_000);

  it('drops what is below its position, so that a batch read twice changes nothing', () => {
    const placed = records[0]!;
    const twice = newFold(0);
    foldAll(twice, foldInput(placed, { from: 0, to: 600 }), () => {});
    foldAll(twice, foldInput(placed, { from: 300, to: placed.length }), () => {});
    expect(twice.state.chain.hash).toBe(fold(example, 0, [placed.length], new Set()).hash);
  });

  it('keeps its state in pages of every kind', () => {
    const kinds = new Set<string>();
    for (const placed of [records[0]!, baselined().records[0]!]) {
      const whole = newFold(0);
      foldAll(whole, foldInput(placed, { from: 0, to: placed.length }), () => {});
      whole.state.beginCheckpoint();
      for (let next = whole.state.nextPage(); next !== null; next = whole.state.nextPage()) kinds.add(next.kind);
    }
    // That of an earlier engine is only read.
    expect([...kinds].sort()).toEqual(PAGE_KINDS.filter((kind) => kind !== 'limits').sort());
  });
});

describe('a fold in slices', () => {
  it('gives the block that it gives in one go, whatever the slices are', () => {
    fc.assert(
      fc.property(fc.nat(PARTITIONS - 1), fc.integer({ min: 1, max: 4_000 }), fc.nat(2_000), (partition, recordsMax, from) => {
        const placed = example.records[partition]!;
        const { appendedAtMs } = example;
        const whole = newFold(partition);
        const sliced = newFold(partition);
        const upTo = (to: number, start: number) => foldInput(placed, { from: start, to, appendedAtMs });
        // A part of the batch was folded before.
        for (const one of [whole, sliced]) one.fold(upTo(from, 0), 0);
        const input = upTo(from + 3_000, 0);
        while (whole.state.position < input.nextOffset) {
          const expected = whole.fold(input, 7);
          const header = expected.header('before');
          const rows = Buffer.from(expected.rows.written());
          const folding = sliced.folding(input, 7, recordsMax);
          let pauses = 0;
          let folded = folding.next();
          for (; folded.done !== true; folded = folding.next()) pauses++;
          expect(folded.value.header('before')).toEqual(header);
          expect(folded.value.rows.written().equals(rows)).toBe(true);
          expect(pauses).toBe(Math.max(0, Math.ceil(folded.value.records / recordsMax) - 1));
        }
        expect(sliced.state.position).toBe(whole.state.position);
      }),
      { numRuns: 15 },
    );
  });
});
