/** A campaign in a process a core; each takes every so many-th seed. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { type Campaign, type CampaignResult, runCampaign } from './campaign.ts';

/** What a process gets: a deadline in milliseconds from its start, since clocks of processes begin at different times. */
export interface CampaignShare extends Omit<Campaign, 'untilMs' | 'options'> {
  readonly forMs: number;
}

const RUNNER = new URL('campaign-runner.ts', import.meta.url);

/** @throws Error when one of the processes ends without a result */
export async function runCampaignOnAllCores(campaign: Omit<Campaign, 'options' | 'stride'>): Promise<CampaignResult> {
  const processes = availableParallelism();
  if (processes === 1 || campaign.schedulesMax === 1) return runCampaign(campaign);
  const startMs = performance.now();
  const { firstSeed, schedulesMax, untilMs } = campaign;
  const shares = Array.from({ length: processes }, (_, i) =>
    runApart({
      firstSeed: firstSeed + i,
      stride: processes,
      schedulesMax: Math.ceil((schedulesMax - i) / processes),
      forMs: untilMs - startMs,
    }),
  );
  const results = await Promise.all(shares);
  return { ...results.reduce(together), tookMs: performance.now() - startMs };
}

async function runApart(share: CampaignShare): Promise<CampaignResult> {
  const child = fork(RUNNER, { serialization: 'advanced', execArgv: [] });
  const exited = once(child, 'exit');
  const answered = Promise.withResolvers<CampaignResult>();
  child.once('message', (result) => answered.resolve(result as CampaignResult));
  child.send(share);
  void exited.then(([code]) => answered.reject(new Error(`a process of the campaign ended with ${code}`)));
  const result = await answered.promise;
  await exited;
  return result;
}

function together(a: CampaignResult, b: CampaignResult): CampaignResult {
  const faults = new Map(a.faults);
  for (const [kind, count] of b.faults) faults.set(kind, (faults.get(kind) ?? 0) + count);
  return {
    schedules: a.schedules + b.schedules,
    tookMs: Math.max(a.tookMs, b.tookMs),
    records: a.records + b.records,
    events: a.events + b.events,
    fenced: a.fenced + b.fenced,
    faults,
    failure: a.failure ?? b.failure,
  };
}
