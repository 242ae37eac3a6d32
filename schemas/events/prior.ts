/** `ntk.prior`: knowledge across programs, made by an aggregator from results (contracts.md section 1.7). */
import { z } from 'zod';

/** Whoever reads priors knows which of them it understands; any object is accepted. */
export const priorSchema = z.looseObject({}).describe('Class priors or fleets of one developer, in every partition.');
export type PriorData = z.infer<typeof priorSchema>;
