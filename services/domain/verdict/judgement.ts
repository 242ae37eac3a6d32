/** All that was found out about one access; its row, its published verdict and its explanations are made from it. */
import type { Note } from '../../../schemas/codes.ts';
import type { Baselines } from '../baselines/baselines.ts';
import type { Subject } from '../checks/subject.ts';
import type { LimitRefusal } from '../limits/ask-limits.ts';
import type { Findings } from './findings.ts';

export interface Judgement {
  readonly subject: Subject;
  /** One object serves all accesses of a partition: read it before the next one is judged. */
  readonly findings: Findings;
  /** Null where no limit refused. */
  readonly refusal: LimitRefusal | null;
  /** Empty without findings. */
  readonly remedy: string;
  /** JSON (evidence.ts). Empty when `proposed` is `allow` and the baselines did not alarm. */
  readonly evidence: string;
  readonly notes: readonly Note[];
  /** Null where the baselines were not asked or the score is below 1. Shared by all accesses, as `findings` is. */
  readonly baselines: Baselines | null;
}
