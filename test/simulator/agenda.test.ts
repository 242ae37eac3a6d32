import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Agenda } from '../../services/simulator/traffic/agenda.ts';
import { compressed, IsoTimes } from '../../services/simulator/traffic/timeline.ts';

it('an agenda gives every line once, by arrival, and those of one moment as they were put', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 200 })), (moments) => {
      const agenda = new Agenda(10, 0);
      for (const [i, atMs] of moments.entries()) agenda.put(atMs, `${atMs} ${i}`);
      const taken: string[] = [];
      for (let slice = 0; slice <= 20; slice++) taken.push(...agenda.take());
      const expected = moments.map((atMs, i) => ({ atMs, i })).sort((a, b) => a.atMs - b.atMs || a.i - b.i);
      expect(taken).toEqual(expected.map(({ atMs, i }) => `${atMs} ${i}`));
      expect(agenda.isEmpty).toBe(true);
    }),
  );
});

it('what should have arrived before comes with the next slice', () => {
  const agenda = new Agenda(10, 0);
  agenda.take();
  agenda.put(3, 'too late');
  expect(agenda.take()).toEqual(['too late']);
});

it('times are written as the language writes them', () => {
  const times = new IsoTimes();
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.UTC(2254, 0) }), (ms) => {
      expect(times.of(ms)).toBe(new Date(ms).toISOString());
    }),
  );
});

it('a compressed day goes through a whole day of the story', () => {
  const timeline = compressed(20 * 60_000);
  const storyMs = timeline.toStoryMs(1_700_000_000_000);
  expect(timeline.toEventMs(storyMs)).toBe(1_700_000_000_000);
  expect(timeline.toStoryMs(1_700_000_000_000 + 20 * 60_000) - storyMs).toBe(86_400_000);
});
