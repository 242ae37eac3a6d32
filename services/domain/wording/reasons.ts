/** What each reason means to somebody who has not read the contracts: a name of a few words, and one sentence. */
import type { Reason } from '../../../schemas/codes.ts';
import { printable } from '../../../schemas/policy/wording.ts';

export interface ReasonInWords {
  readonly title: string;
  readonly sentence: string;
}

const WORDS: Readonly<Record<Reason, ReasonInWords>> = {
  program_banned: {
    title: 'Banned program',
    sentence: 'The platform has banned this program: nothing that it asks for is handed out.',
  },
  program_suspended: {
    title: 'Suspended program',
    sentence: 'Reviewers of the platform have suspended this program.',
  },
  undeclared_program: {
    title: 'No declaration at all',
    sentence: 'The developer has never declared which data this program collects, and why.',
  },
  unmapped_api: {
    title: 'Unknown API',
    sentence: 'The call went to an API of which nobody has said what kind of data it hands out.',
  },
  undeclared_category: {
    title: 'Data that was not declared',
    sentence: 'The declaration of this program lists this kind of data under none of its purposes.',
  },
  purpose_missing: {
    title: 'No purpose named',
    sentence: 'The call does not say which declared purpose it is for.',
  },
  purpose_unknown: {
    title: 'Purpose that was not declared',
    sentence: 'The call names a purpose that the declaration does not have.',
  },
  purpose_mismatch: {
    title: 'Data outside its purpose',
    sentence: 'The purpose that the call names does not list this kind of data.',
  },
  not_entitled: {
    title: 'Restricted data',
    sentence: 'The platform opens this kind of data to programs that it has looked at, and has not opened it to this one.',
  },
  background_access: {
    title: 'Taken in the background',
    sentence: 'The program was not on screen, and its declaration allows this data on screen only.',
  },
  excess_fields: {
    title: 'More fields than declared',
    sentence: 'The call returned fields that the declaration does not list for this kind of data.',
  },
  excess_volume: {
    title: 'More data than declared',
    sentence: 'One call returned more rows or bytes than the declaration allows.',
  },
  consent_missing: {
    title: 'Nobody asked the user',
    sentence: 'The user has never agreed that this program may have this kind of data.',
  },
  consent_withdrawn: {
    title: 'Consent was withdrawn',
    sentence: 'The user had agreed, and has taken that back.',
  },
  consent_default: {
    title: 'Enrolled without being asked',
    sentence: 'The user was enrolled by default, which is no agreement.',
  },
  consent_stale: {
    title: 'Consent is out of date',
    sentence: 'The user agreed before this kind of data was added to the declaration.',
  },
  external_link: {
    title: 'Link out of the platform',
    sentence: 'The link leads to a host that the declaration does not name.',
  },
  download_link: {
    title: 'Link to a download',
    sentence: 'The link leads the user to a download.',
  },
  reveals_friends: {
    title: 'Link that shows friends',
    sentence: "The link gives away something about the user's friends.",
  },
  rate_limited: {
    title: 'Too many calls',
    sentence: 'A limit of the policy was used up.',
  },
  rate_above_baseline: {
    title: 'Far more calls than usual',
    sentence: 'The program calls far more often than it usually does.',
  },
  volume_above_baseline: {
    title: 'Far more data than usual',
    sentence: 'The program takes far more data than it usually does.',
  },
  users_above_baseline: {
    title: 'Far more users than usual',
    sentence: 'The program asks about far more users than it usually does.',
  },
  category_new_for_program: {
    title: 'New kind of data',
    sentence: 'The program has not asked for this kind of data before.',
  },
  periodic_polling: {
    title: 'Called like clockwork',
    sentence: 'The calls come at even intervals, as a machine makes them and no person does.',
  },
};

const CODE_CHARACTERS_MAX = 60;

/** A code of another release stands for itself. */
export function reasonInWords(code: string): ReasonInWords {
  if (Object.hasOwn(WORDS, code)) return WORDS[code as Reason];
  return { title: printable(code, CODE_CHARACTERS_MAX), sentence: 'This release does not know the reason.' };
}
