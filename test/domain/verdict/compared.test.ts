/** What the checks compared, in the evidence of accesses that the fold judged. */
import { describe, expect, it, test } from 'vitest';
import { REASONS } from '../../../schemas/codes.ts';
import { foldSaid, type Said } from './said.ts';

interface Shown {
  readonly findings: readonly object[];
}

const JUDGED_UNDER = {
  version: 'e',
  purposes: 'required',
  consent: { required: ['contacts'] },
  restricted: ['contacts', 'health'],
  modes: { default: 'enforce', overrides: [{ match: { reasons: ['external_link'] }, mode: 'warn' }] },
  actions: { external_link: 'throttle' },
  limits: [{ name: 'calls', key: ['program'], match: { programs: ['limited'] }, count: 1, per: '1h', burst: 1 }],
};
const DECLARED = {
  version: 3,
  purposes: [
    { id: 'map', categories: [{ category: 'location', fields: ['latitude', 'city'], maxRowsPerCall: 1, maxBytesPerCall: 100 }] },
    { id: 'chat', categories: [{ category: 'contacts' }, { category: 'photos', maxRowsPerCall: 2, background: true }] },
    { id: 'near', categories: [{ category: 'location', fields: ['city', 'street'], maxRowsPerCall: 5 }] },
  ],
  linkHosts: ['shop.example'],
};
const DECLARATION: [string, object] = ['declaration', DECLARED];

/** The evidence of each access. */
function judged(said: readonly Said[]): Shown[] {
  const evidence: Shown[] = [];
  foldSaid(JUDGED_UNDER, said, 0, ({ judgement }) => {
    evidence.push(judgement.evidence === '' ? { findings: [] } : (JSON.parse(judgement.evidence) as Shown));
  });
  return evidence;
}

const call = (data: object): [string, object] => [
  'access',
  { user: 'u', api: 'x', category: 'location', purpose: 'map', ...data },
];
const consent = (data: object): [string, object] => [
  'consent',
  { user: 'u', state: 'granted', categories: ['contacts'], ...data },
];
const contacts = call({ category: 'contacts', purpose: 'chat' });
const noEntitlement = { reason: 'not_entitled', observed: { entitlement: null }, expected: { entitlement: 'contacts' } };

const mayContact: [string, object] = ['entitlement', { category: 'contacts', granted: true }];
const agreed = consent({});

describe('the evidence of a check says what it was and what would have been ordinary', () => {
  it.each<[string, [string, object][], object[]]>([
    [
      'a standing',
      [DECLARATION, ['standing', { state: 'suspended', until: '2027-01-01T00:00:00Z' }], call({})],
      [
        {
          reason: 'program_suspended',
          observed: { standing: 'suspended', until: '2027-01-01T00:00:00.000Z' },
          expected: { standing: 'active' },
        },
      ],
    ],
    [
      'no declaration',
      [call({})],
      [{ reason: 'undeclared_program', observed: { declaration: null }, expected: { declaration: 'any version' } }],
    ],
    [
      'a category that is not declared',
      [DECLARATION, call({ category: 'clipboard' })],
      [
        {
          reason: 'undeclared_category',
          observed: { category: 'clipboard' },
          expected: { categories: ['location', 'contacts', 'photos'], declarationVersion: 3 },
        },
      ],
    ],
    [
      'no purpose',
      [DECLARATION, call({ purpose: '' })],
      [{ reason: 'purpose_missing', observed: { purpose: null }, expected: { purposes: ['map', 'near'] } }],
    ],
    [
      'a purpose that is not declared',
      [DECLARATION, call({ purpose: 'ads' })],
      [
        {
          reason: 'purpose_unknown',
          observed: { purpose: 'ads', category: 'location' },
          expected: { purposes: ['map', 'chat', 'near'] },
        },
      ],
    ],
    [
      'a purpose of something else',
      [DECLARATION, call({ category: 'photos' })],
      [
        {
          reason: 'purpose_mismatch',
          observed: { purpose: 'map', category: 'photos' },
          expected: { purposes: ['chat'] },
        },
      ],
    ],
    ['no entitlement', [DECLARATION, agreed, contacts], [noEntitlement]],
    [
      'an entitlement that lapses at the moment of the access',
      [DECLARATION, ['entitlement', { category: 'contacts', granted: true, until: '2026-01-01T00:00:05Z' }], agreed, contacts],
      [{ ...noEntitlement, observed: { entitlement: 'lapsed', until: '2026-01-01T00:00:05.000Z' } }],
    ],
    [
      'an entitlement that lapses a moment later',
      [
        DECLARATION,
        ['entitlement', { category: 'contacts', granted: true, until: '2026-01-01T00:00:05.000001Z' }],
        agreed,
        contacts,
      ],
      [],
    ],
    [
      'being off the screen',
      [DECLARATION, call({ foreground: false })],
      [{ reason: 'background_access', observed: { foreground: false }, expected: { foreground: true } }],
    ],
    [
      'more than the purpose takes',
      [DECLARATION, call({ fields: ['city', 'street'], rows: 3, bytes: 7 })],
      [
        {
          reason: 'excess_fields',
          observed: { fields: ['city', 'street'], excess: ['street'] },
          expected: { fields: ['latitude', 'city'] },
        },
        {
          reason: 'excess_volume',
          observed: { rows: 3, bytes: 7 },
          expected: { maxRowsPerCall: 1, maxBytesPerCall: 100 },
        },
      ],
    ],
    [
      'more than any purpose takes',
      [DECLARATION, call({ purpose: 'ads', fields: ['city', 'street', 'zip'], rows: 6 })],
      [
        expect.objectContaining({ reason: 'purpose_unknown' }),
        {
          reason: 'excess_fields',
          observed: { fields: ['city', 'street', 'zip'], excess: ['zip'] },
          expected: { fields: ['latitude', 'city', 'street'] },
        },
        { reason: 'excess_volume', observed: { rows: 6, bytes: 0 }, expected: { maxRowsPerCall: 5, maxBytesPerCall: null } },
      ],
    ],
    [
      'no consent',
      [DECLARATION, mayContact, contacts],
      [{ reason: 'consent_missing', observed: { consent: null }, expected: { consent: 'granted', category: 'contacts' } }],
    ],
    [
      'a consent that was withdrawn',
      [DECLARATION, mayContact, agreed, consent({ state: 'withdrawn' }), contacts],
      [
        {
          reason: 'consent_withdrawn',
          observed: { consent: 'withdrawn' },
          expected: { consent: 'granted', category: 'contacts' },
        },
      ],
    ],
    [
      'a consent by default, for an earlier declaration',
      [DECLARATION, mayContact, consent({ basis: 'default', declarationVersion: 2 }), contacts],
      [
        { reason: 'consent_default', observed: { basis: 'default' }, expected: { basis: 'explicit' } },
        { reason: 'consent_stale', observed: { consentForVersion: 2 }, expected: { atLeastVersion: 3 } },
      ],
    ],
    [
      'a link that leads out and shows friends',
      [DECLARATION, call({ link: { kind: 'external', host: 'Other.example', reveals: ['friends'] } })],
      [
        {
          reason: 'external_link',
          action: 'throttle',
          mode: 'warn',
          effect: 'flag',
          observed: { host: 'Other.example' },
          expected: { linkHosts: ['shop.example'] },
        },
        { reason: 'reveals_friends', observed: { reveals: 'friends' }, expected: { reveals: 'nothing' } },
      ],
    ],
    [
      'a link to a download',
      [DECLARATION, call({ link: { kind: 'download', host: 'shop.example' } })],
      [
        {
          reason: 'download_link',
          observed: { link: 'download', host: 'shop.example' },
          expected: { link: 'none' },
        },
      ],
    ],
  ])('of %s', (_, said, expected) => {
    // Another program's access before it, which has evidence of its own.
    const before = ['other', ...call({ link: { kind: 'download', host: 'other.example' } })] as const;
    const evidence = judged([before, ...said.map(([kind, data]) => ['wx1', kind, data] as const)]);
    const usual = { action: 'flag', mode: 'enforce', effect: 'flag' };
    expect(evidence.at(-1)!.findings).toEqual(expected.map((one) => ('asymmetricMatch' in one ? one : { ...usual, ...one })));
  });

  it('of a limit', () => {
    const evidence = judged([DECLARATION, call({}), call({})].map(([kind, data]) => ['limited', kind, data] as const));
    expect(evidence.map(({ findings }) => findings)).toEqual([
      [],
      [
        {
          reason: 'rate_limited',
          action: 'flag',
          mode: 'enforce',
          effect: 'flag',
          observed: { limit: 'calls', aheadMs: 3_599_000, retryAfterMs: 3_599_000 },
          expected: { count: 1, per: '1h', burst: 1, cost: 'calls' },
        },
      ],
    ]);
  });
});

test('an access has evidence where more than allow was proposed, whatever is in effect', () => {
  const policy = { version: 'a', actions: { reveals_friends: 'allow' } };
  const links = [{}, { link: { kind: 'share', reveals: ['friends'] } }, { link: { kind: 'download' } }].map(call);
  const found: [string, boolean][] = [];
  foldSaid(
    policy,
    [DECLARATION, ...links].map(([kind, data]) => ['wx1', kind, data]),
    0,
    ({ judgement }) => {
      found.push([judgement.findings.reasons.map((reason) => REASONS[reason]).join(), judgement.evidence !== '']);
    },
  );
  expect(found).toEqual([
    ['', false],
    ['reveals_friends', false],
    ['download_link', true],
  ]);
});
