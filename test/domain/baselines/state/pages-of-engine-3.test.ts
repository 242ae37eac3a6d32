import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { RAMP } from '../../../../services/domain/baselines/features.ts';
import {
  BASELINE_PAGE_KINDS,
  type BaselinePageKind,
  PartitionBaselines,
} from '../../../../services/domain/baselines/partition-baselines.ts';
import { keyRow, K_LEARNED, K_RAMP, K_USES, NO_KEY } from '../../../../services/domain/baselines/state/key-rows.ts';
import {
  P_ABOVE,
  P_DAYS,
  P_LEARNED_USES,
  P_RAMP_MOST,
  P_SCALE,
  P_TOLD,
  P_WORST,
  P_WORST_SUM,
  programRow,
} from '../../../../services/domain/baselines/state/program-rows.ts';
import { ProgramTable } from '../../../../services/domain/state/program-table.ts';
import { drawnPages } from '../../state/drawn-pages.ts';

/** Written by the release before ramps, over twelve programs in sixteen days; `said` is what it knew. */
const engine3 = JSON.parse(readFileSync(new URL('engine-3.json', import.meta.url), 'utf8')) as {
  pages: Record<BaselinePageKind, string[]>;
  said: {
    id: string;
    slot: number;
    learnedUses: number;
    days: number;
    told: number;
    scales: number[];
    learnedUsesByCategory: Record<string, number>;
  }[];
};

type Pages = Record<BaselinePageKind, Buffer[]>;

const byKind = (of: (kind: BaselinePageKind) => Buffer[]): Pages =>
  Object.fromEntries(BASELINE_PAGE_KINDS.map((kind) => [kind, of(kind)])) as Pages;

const pages = (): Pages => byKind((kind) => engine3.pages[kind].map((text) => gunzipSync(Buffer.from(text, 'base64'))));

/** All pages of baselines that were restored from so many. */
function drawn(baselines: PartitionBaselines, from: Pages): Pages {
  return byKind((kind) => {
    const set = baselines.pageSet(kind);
    for (let page = 0; page < from[kind].length; page++) set.touch(page);
    return drawnPages(set);
  });
}

describe('pages of the engine before ramps', () => {
  it('give back what it had learned, and a ramp that has not begun', () => {
    const baselines = new PartitionBaselines();
    const programs = new ProgramTable();
    baselines.restore(pages(), programs);
    const { known } = baselines.baselines;
    for (const one of engine3.said) {
      const slot = programs.of(one.id).baselineSlot;
      expect(slot).toBe(one.slot);
      const cells = known.programs.cellsOf(slot).subarray(programRow(slot));
      expect(cells[P_LEARNED_USES]).toBe(one.learnedUses);
      expect(cells[P_DAYS]).toBe(one.days);
      expect(cells[P_TOLD]).toBe(one.told);
      expect([...cells.subarray(P_SCALE, P_SCALE + RAMP)]).toEqual(one.scales);
      expect(cells[P_SCALE + RAMP]).toBe(1);
      for (const cell of [P_WORST + RAMP, P_WORST_SUM + RAMP, P_ABOVE, P_RAMP_MOST]) expect(cells[cell]).toBe(0);
      const learned: Record<string, number> = {};
      for (let key = known.firstKey(slot); key !== NO_KEY; key = known.keys.next(key)) {
        learned[String(known.keys.categoryOf(key))] = known.keys.cellsOf(key)[keyRow(key) + K_LEARNED + K_USES]!;
        expect(known.keys.cellsOf(key)[keyRow(key) + K_RAMP]).toBe(0);
      }
      expect(learned).toEqual(one.learnedUsesByCategory);
    }
  });

  it('are written as this engine’s, which are read as they were written', () => {
    const before = pages();
    const first = new PartitionBaselines();
    first.restore(before, new ProgramTable());
    const written = drawn(first, before);
    const second = new PartitionBaselines();
    second.restore(written, new ProgramTable());
    const again = drawn(second, written);
    for (const kind of BASELINE_PAGE_KINDS) expect(again[kind]).toEqual(written[kind]);
  });
});
