/** What is watched about servers: processors, networks, disks, latencies; five minutes apart, two weeks. */
import type { Chance } from '../../../services/simulator/chance/chance.ts';
import type { Sketch, SketchMaker } from './look-alikes.ts';
import { during, heavy, normal, places, smoothNoise } from './noise.ts';

const ROWS = 4032;
const DAY = 288;
const FIVE_MINUTES = (): number => 300;

function sketch(values: Float64Array, planted: readonly number[]): Sketch {
  return { values, planted, stepSeconds: FIVE_MINUTES };
}

function fill(rows: number, valueOf: (i: number) => number): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => valueOf(i));
}

/** A processor around one level; for good it changes to another, once it peaks. */
function levelShift(level: number, noise: number, jump: number): SketchMaker {
  return (chance) => {
    const planted = places(chance, ROWS, 2);
    const [peak, shift] = planted as [number, number];
    return sketch(
      fill(ROWS, (i) => {
        const base = level + (i >= shift ? jump : 0) + (i >= peak && i < peak + 3 ? 2.5 * jump : 0);
        return Math.max(0, Math.round(1000 * (base + noise * heavy(chance))) / 1000);
      }),
      planted,
    );
  };
}

/** Idle, with bursts of any size; what matters is a burst much larger than those, or one that does not end. */
function bursts(rate: number, count: number): SketchMaker {
  return (chance) => {
    const planted = places(chance, ROWS, count);
    return sketch(
      fill(ROWS, (i) => {
        const wrong = during(planted, i, 12);
        const idle = 2000 * (1 + 0.1 * normal(chance));
        if (wrong >= 0) return Math.round(3e6 * (1 + wrong) * chance.within(0.5, 1.2));
        return Math.round(chance.next() < rate ? idle + 1e5 * Math.exp(1.1 * normal(chance)) : idle);
      }),
      planted,
    );
  };
}

/** A job that runs every hour; it hangs, runs longer or stops. */
const hourlyJob: SketchMaker = (chance) => {
  const planted = places(chance, ROWS, 2);
  const hangs = chance.next() < 0.5;
  return sketch(
    fill(ROWS, (i) => {
      const wrong = during(planted, i, 60);
      const isOn = i % 12 < 3;
      const level = wrong < 0 ? (isOn ? 60 : 12) : wrong === 0 || hangs ? 85 : 4;
      return level + 2 * normal(chance);
    }),
    planted,
  );
};

/** Milliseconds with a long tail; a failing backend makes some much longer, then all. */
const latency: SketchMaker = (chance) => {
  const planted = places(chance, ROWS, 3);
  return sketch(
    fill(ROWS, (i) => {
      const wrong = during(planted, i, 30);
      return 45 * Math.exp(0.12 * heavy(chance)) * (wrong >= 0 && chance.next() < 0.6 ? chance.within(2, 5) : 1);
    }),
    planted,
  );
};

/** Requests of a site by day and night; an outage, and a crowd. */
const requests: SketchMaker = (chance) => {
  const planted = places(chance, ROWS, 2);
  const slow = smoothNoise(chance, 0.9);
  return sketch(
    fill(ROWS, (i) => {
      const wrong = during(planted, i, 18);
      const mean = 120 * (1 + 0.7 * Math.sin((2 * Math.PI * i) / DAY)) * Math.exp(0.1 * slow());
      return Math.round(Math.max(0, mean + Math.sqrt(mean) * 1.5 * normal(chance)) * (wrong === 0 ? 0.02 : wrong === 1 ? 4 : 1));
    }),
    planted,
  );
};

/** A fleet that is scaled: steps all the time. Once it does not come down again. Two months. */
const scaledFleet: SketchMaker = (chance) => {
  const rows = 18_000;
  const planted = places(chance, rows, 1);
  const slow = smoothNoise(chance, 0.995);
  return sketch(
    fill(rows, (i) => {
      const wrong = during(planted, i, 1500) >= 0;
      const load = 45 + 14 * Math.sin((2 * Math.PI * i) / DAY) + 8 * slow();
      return Math.min(100, Math.max(0, (wrong ? 88 : load) + 3 * heavy(chance)));
    }),
    planted,
  );
};

/** Nothing is wrong here: every alarm is false. */
const quietProcessor: SketchMaker = (chance: Chance) => {
  const slow = smoothNoise(chance, 0.98);
  return sketch(
    fill(ROWS, () => Math.max(0, 2 + 0.1 * slow() + 0.05 * heavy(chance))),
    [],
  );
};

export const MACHINES: Readonly<Record<string, SketchMaker>> = {
  'machines/cpu-low': levelShift(0.07, 0.002, 0.03),
  'machines/cpu-high': levelShift(45, 1.5, 12),
  'machines/cpu-busy': levelShift(90, 4, -18),
  'machines/network-rare': bursts(0.01, 1),
  'machines/network-often': bursts(0.2, 2),
  'machines/disk-writes': bursts(0.05, 2),
  'machines/disk-idle': bursts(0.003, 3),
  'machines/hourly-job': hourlyJob,
  'machines/hourly-job-2': hourlyJob,
  'machines/latency': latency,
  'machines/latency-2': latency,
  'machines/requests': requests,
  'machines/requests-2': requests,
  'machines/scaled-fleet': scaledFleet,
  'machines/quiet': quietProcessor,
  'machines/quiet-2': quietProcessor,
};
