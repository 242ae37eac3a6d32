import { z } from 'zod';
import { ACTIONS, CATEGORIES, LIMIT_COSTS, LIMIT_KEYS, MODES, REASONS } from '../codes.ts';
const UNIT: Record<string, number> = { ms: 1e3, s: 1e6, m: 6e7, h: 3.6e9, d: 8.64e10 };
const nn = <T extends z.ZodType>(s: T) => z.preprocess((v) => (v === null ? undefined : v), s);
const cat = z.enum(CATEGORIES);
const per = z.string().regex(/^[1-9][0-9]*(ms|s|m|h|d)$/);
export const policySchema = z.strictObject({
  version: z.string(),
  purposes: nn(z.enum(['required', 'optional']).default('optional')),
  consent: nn(z.strictObject({ required: nn(z.union([z.literal('*'), z.array(z.union([cat, z.literal('*')]))]).default([])) }).default({ required: [] })),
  restricted: nn(z.array(cat).default([])),
  actions: nn(z.partialRecord(z.enum(REASONS), z.enum(ACTIONS)).default({})),
  modes: nn(z.strictObject({
    default: nn(z.enum(MODES).default('observe')),
    overrides: nn(z.array(z.strictObject({ match: z.strictObject({ reasons: nn(z.array(z.enum(REASONS)).optional()), categories: nn(z.array(cat).optional()), programs: nn(z.array(z.string()).optional()), classes: nn(z.array(z.string()).optional()), cohortPercent: nn(z.number().min(0).max(100).optional()) }), mode: z.enum(MODES) })).default([])),
  }).default({ default: 'observe', overrides: [] })),
  limits: nn(z.array(z.strictObject({ name: z.string(), key: z.array(z.enum(LIMIT_KEYS)), match: nn(z.strictObject({ categories: nn(z.array(cat).optional()), apis: nn(z.array(z.string()).optional()), programs: nn(z.array(z.string()).optional()), classes: nn(z.array(z.string()).optional()), foreground: nn(z.boolean().optional()) }).default({})), count: z.int().min(1), per, burst: z.int().min(1), cost: nn(z.enum(LIMIT_COSTS).default('calls')), shadow: nn(z.boolean().default(false)), action: nn(z.enum(ACTIONS).optional()) })).default([])),
  baselines: nn(z.strictObject({ enabled: nn(z.boolean().default(true)), falseAlarmsPerProgramDay: nn(z.number().optional()) }).default({ enabled: true })),
  unavailable: nn(z.strictObject({ default: nn(z.enum(ACTIONS).default('allow')), categories: nn(z.partialRecord(cat, z.enum(ACTIONS)).default({})) }).default({ default: 'allow', categories: {} })),
}).transform((p) => ({ ...p, consent: { required: p.consent.required === '*' || p.consent.required.includes('*') ? ('*' as const) : (p.consent.required as (typeof CATEGORIES)[number][]) }, limits: p.limits.map((l) => { const m = /^(\d+)(\D+)$/.exec(l.per)!; return { ...l, perUs: Number(m[1]) * UNIT[m[2]!]! }; }) }));
export type Policy = z.infer<typeof policySchema>;
