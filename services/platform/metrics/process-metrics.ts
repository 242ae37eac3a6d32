/** What every process tells of itself: its release, and what prom-client knows of the process and of Node. */
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { gauge, makeMetrics } from './definition.ts';
import { VERSION } from './label-values.ts';

export const PROCESS = {
  buildInfo: gauge({
    name: 'ntk_build_info',
    help: '1; the release, and the version of the fold that its verdicts carry.',
    labels: { version: VERSION, engine: { says: 'the engine version', max: 1 } },
    unit: '1',
    by: ['process'],
    worry: 'scorers of two engine versions run at the same time',
  }),
};

interface Build {
  readonly version: string;
  readonly engine: number;
}

/** Once a registry. */
export function tellOfProcess(registry: Registry, { version, engine }: Build): void {
  makeMetrics(PROCESS, registry).buildInfo.set({ version, engine: String(engine) }, 1);
  collectDefaultMetrics({ register: registry });
}
