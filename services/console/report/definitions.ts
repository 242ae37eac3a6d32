/** What a reader has to know to read the figures, in the order in which the page uses the words. */

export const DEFINITIONS: readonly (readonly [term: string, meaning: string])[] = [
  [
    'Program',
    'A mini-program or app of a third party that runs on the platform. Its developer declares which data it collects and why.',
  ],
  [
    'Access',
    'One call of a program to the platform that would hand it personal data of a user, or lead a user out of the platform. Every access that the platform reports is judged, whether it was carried out or not; the same report received twice is counted once.',
  ],
  ['Attempt', 'An access as it is counted here. One attempt is one call of one program for one user.'],
  [
    'Intercepted',
    'An attempt whose verdict in effect was “intercept”: the rules of the platform do not allow it. It is counted once, however many reasons there were.',
  ],
  ['Prevented', 'Intercepted while the platform waited for the verdict: nothing was handed out.'],
  ['Already refused', 'Intercepted, but the platform or the user had refused the call by itself.'],
  ['Late', 'Intercepted after the platform had carried the call out: the data had been handed out before the verdict.'],
  [
    'Would have been intercepted',
    'The rules propose to intercept, but the policy only observes or warns for this reason so far. Not part of any other figure.',
  ],
  [
    'Users concerned',
    'Different users among the intercepted attempts. They are told apart by what is stored of them, which is a keyed hash unless the platform chose otherwise; no user id is in this report.',
  ],
  ['Class', 'The kind of program that its developer declared. “undeclared” stands for programs without any declaration.'],
];

export const METHOD: readonly string[] = [
  'Accesses, declarations, consents, entitlements and policies are kept in one log, in the order in which they arrived. Each access is judged by the facts that stood before it in that order and by the policy in force at that place. The judgement uses no clock and no chance, so it can be repeated from the log at any time and gives the same verdict, bit for bit.',
  'Each verdict is stored as one row, which is identified by the log, the partition and the place in it. Totals count identities: a row that was stored twice after a failure is counted once, and a gap in the places is noticed.',
  'The report is taken as of the places in the log that were noted when it began. What arrived later is not in any figure. Times are those at which the accesses happened, in UTC; the beginning of the period is included and its end is not.',
  'Figures are settled when nothing can arrive for the period any more: seven days after its end, or at once for a log of history. Until then they are preliminary and can only grow.',
];
