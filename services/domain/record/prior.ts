/** `data` of `ntk.prior`. Any object is acceptable; what this engine does not understand has no effect. */
import { classesPriorSchema, fleetsPriorSchema, type Prior } from '../../../schemas/events/prior.ts';
import type { JsonObject } from './fields.ts';

/** Null: another kind, or numbers that do not fit. A record is at most 1 MiB, so looking through all of it is bounded. */
export function readPrior(data: JsonObject): Prior | null {
  const schema = data['kind'] === 'classes' ? classesPriorSchema : data['kind'] === 'fleets' ? fleetsPriorSchema : null;
  return schema?.safeParse(data).data ?? null;
}
