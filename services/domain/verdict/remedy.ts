/**
 * One sentence for the program's developer: which declaration line, entitlement or consent is missing. Names are the
 * developer's own; whoever prints them makes them safe for where they are printed.
 */
import { REASONS, type Reason } from '../../../schemas/codes.ts';
import type { Subject } from '../checks/subject.ts';
import type { LimitRefusal } from '../limits/ask-limits.ts';
import { allowanceInWords } from '../wording/counted.ts';
import type { Findings } from './findings.ts';

const NAME_CHARACTERS_MAX = 80;

/** A name in quotes, cut to a length that leaves room for the sentence. */
function quoted(name: string): string {
  // Characters have one or two of these units: most names need not be taken apart.
  if (name.length <= NAME_CHARACTERS_MAX) return JSON.stringify(name);
  const points = [...name];
  const cut = points.length > NAME_CHARACTERS_MAX ? `${points.slice(0, NAME_CHARACTERS_MAX).join('')}…` : name;
  return JSON.stringify(cut);
}

type Sentence = (subject: Subject, refusal: LimitRefusal | null) => string;

function version({ program }: Subject): string {
  return program.declaration === null ? 'the declaration' : `declaration version ${program.declaration.version}`;
}

const SENTENCES: Partial<Record<Reason, Sentence>> = {
  program_banned: () => 'The platform has banned this program; only its reviewers can lift the ban.',
  program_suspended: () => 'The platform has suspended this program; answer its reviewers to have the suspension lifted.',
  undeclared_program: (s) =>
    `Submit a privacy declaration: this program has none, and a purpose must list ${quoted(s.category)}.`,
  unmapped_api: (s) => `Report the call of ${quoted(s.access.api)} with a category: the catalogue does not know this API.`,
  undeclared_category: (s) => `Add category ${quoted(s.category)} to a purpose: ${version(s)} does not list it.`,
  purpose_missing: (s) => `Name the purpose of the call: one of ${version(s)} that lists ${quoted(s.category)}.`,
  purpose_unknown: (s) => `Name a declared purpose: ${version(s)} has none with id ${quoted(s.access.purpose)}.`,
  purpose_mismatch: (s) =>
    `Add category ${quoted(s.category)} to purpose ${quoted(s.access.purpose)} of ${version(s)}, or name one that lists it.`,
  not_entitled: (s) => `Ask the platform for an entitlement to ${quoted(s.category)}: the category is restricted.`,
  background_access: (s) =>
    `Call ${quoted(s.access.api)} only on screen, or set background: true for ${quoted(s.category)} in ${version(s)}.`,
  excess_fields: (s) => `Ask only for the fields that ${version(s)} lists for ${quoted(s.category)}, or add the others there.`,
  excess_volume: (s) =>
    `Ask for less a call, or raise maxRowsPerCall or maxBytesPerCall for ${quoted(s.category)} in ${version(s)}.`,
  consent_missing: (s) => `Ask the user to agree to ${quoted(s.category)} before the call.`,
  consent_withdrawn: (s) => `Do not call ${quoted(s.access.api)} for this user, who withdrew consent to ${quoted(s.category)}.`,
  consent_default: (s) => `Ask the user to agree to ${quoted(s.category)}: being enrolled by default is no consent.`,
  consent_stale: (s) => `Ask the user again: ${quoted(s.category)} was added to the declaration after the user agreed.`,
  external_link: () => 'Add the host to linkHosts of the declaration, or keep the link inside the platform.',
  download_link: () => 'Remove the download link: programs may not lead users to downloads.',
  reveals_friends: () => "Do not put anything about the user's friends into a link.",
  rate_limited: (_, refusal) =>
    refusal === null
      ? 'Call less often.'
      : `Call less often: limit ${quoted(refusal.limit.name)} allows ${allowanceInWords(refusal.limit)}; retry after ${refusal.retryAfterMs} ms.`,
};

/** The remedy of the gravest finding: highest effect, then highest action, then first in order. Empty without findings. */
export function remedyFor(subject: Subject, findings: Findings, refusal: LimitRefusal | null): string {
  let gravest = -1;
  let weight = -1;
  for (let i = 0; i < findings.count; i++) {
    const w = findings.effective[i]! * 8 + findings.actions[i]!;
    if (w > weight) {
      weight = w;
      gravest = i;
    }
  }
  if (gravest === -1) return '';
  const sentence = SENTENCES[REASONS[findings.reasons[gravest]!]!];
  return sentence?.(subject, refusal) ?? 'Ask the platform why this access stands out.';
}
