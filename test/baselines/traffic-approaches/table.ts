/** Rows of the tables in docs/baselines-spike.md. */
import { INCIDENT_KINDS } from '../../../schemas/simulation/labels.ts';
import type { Row } from './compare.ts';

export const FIGURES_HEAD = `| approach | recall | mean of kinds | medium, strong | false in 1,000 (95 %) | at 10 | at 50 | with the other's threshold | median minutes | bytes | µs |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |`;

const share = (recall: number | null | undefined): string => (recall === null || recall === undefined ? '' : recall.toFixed(2));

/** Fleets have many siblings, and would else be most of all incidents. */
const meanOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, one) => sum + one, 0) / values.length;

export function figures({ name, score, elsewhere, richer, stateBytes, microsAnUpdate }: Row): string {
  const { value, low, high } = score.falsePer1000ProgramDays;
  const minutes = score.all.medianSecondsToDetection;
  return `| ${[
    name,
    share(score.all.recall),
    share(meanOf(score.byKind.map(({ recall }) => recall ?? 0))),
    share(score.mediumAndStrong?.recall),
    `${value.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`,
    ...[0, 1].map((place) => share(richer[place]?.all.recall)),
    elsewhere === null ? '' : `${elsewhere.falsePer1000ProgramDays.value.toFixed(2)}, finds ${share(elsewhere.all.recall)}`,
    minutes === null ? '' : (minutes / 60).toFixed(0),
    stateBytes,
    microsAnUpdate.toFixed(1),
  ].join(' | ')} |`;
}

export const KINDS_HEAD = `| approach | ${INCIDENT_KINDS.join(' | ')} | fleets |
| --- | ${INCIDENT_KINDS.map(() => '---:').join(' | ')} | ---: |`;

export function kinds({ name, score: { byKind, fleets } }: Row): string {
  const of = (kind: string): string => share(byKind.find((one) => one.name === kind)?.recall);
  return `| ${name} | ${INCIDENT_KINDS.map(of).join(' | ')} | ${share(fleets.fleets === 0 ? null : fleets.found / fleets.fleets)} |`;
}
