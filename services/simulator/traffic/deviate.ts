/** What makes an ordinary access one that a check finds. */
import type { Chance } from '../chance/chance.ts';
import type { Deviation } from '../world/habits.ts';
import { DEVIATIONS } from '../world/habits.ts';
import { type Need, NEEDS } from '../world/needs.ts';
import type { Ask, Program } from '../world/program.ts';
import type { Draft } from './record-lines.ts';

/** Not in the catalogue: what hosts tried and never documented. */
const UNMAPPED_APIS = ['wx.getNearbyPeople', 'wx.readChatSummary', 'wx.getInstalledApps'];
const OTHER_HOSTS = ['promo-gifts.example', 'click.adnest.example', 'win-a-phone.example', 'tracker.datamill.example'];
const DOWNLOAD_HOSTS = ['apk.fastget.example', 'files.toolbar.example'];
/** What nobody would miss, and no purpose lists. */
const SECRETLY: readonly Need[] = [NEEDS.paste, NEEDS.people, NEEDS.region, NEEDS.phone];

const USUAL = new Map<Need, string>();
const EXCESSIVE = new Map<Need, string>();
for (const need of Object.values<Need>(NEEDS)) {
  USUAL.set(need, need.fields.length === 0 ? '' : JSON.stringify(need.fields));
  EXCESSIVE.set(need, JSON.stringify([...need.fields, ...need.moreFields]));
}

/** The fields that a need returns, as JSON. */
export function usualFields(need: Need): string {
  return USUAL.get(need)!;
}

/** `draft` is an ordinary access by `ask`. Sometimes a program has nothing to deviate with; then it stays ordinary. */
export function deviate(draft: Draft, { need }: Ask, program: Program, chance: Chance): void {
  switch (DEVIATIONS[chance.weighted(program.habits.deviations)]! satisfies Deviation) {
    case 'purpose_missing':
      draft.purpose = '';
      return;
    case 'purpose_unknown':
      draft.purpose = `${draft.purpose}-old`;
      return;
    case 'purpose_mismatch':
      draft.purpose = otherPurpose(program, need) ?? draft.purpose;
      return;
    case 'background_access':
      draft.isForeground = false;
      return;
    case 'excess_fields':
      if (need.fields.length > 0) draft.fields = EXCESSIVE.get(need)!;
      return;
    case 'excess_volume':
      draft.rows = need.rowsMax * chance.between(3, 20);
      draft.bytes = Math.round(draft.rows * Math.max(need.bytesPerRow, 64) * 3);
      return;
    case 'undeclared_category':
      secretly(draft, program, chance);
      return;
    case 'unmapped_api':
      draft.api = chance.pick(UNMAPPED_APIS);
      draft.fields = '';
      return;
    case 'external_link':
      leadTo(draft, { kind: 'external', host: chance.pick(OTHER_HOSTS), revealsFriends: chance.isBelow(0.1) });
      return;
    case 'download_link':
      leadTo(draft, { kind: 'download', host: chance.pick(DOWNLOAD_HOSTS), revealsFriends: false });
      return;
    case 'reveals_friends':
      leadTo(draft, { kind: 'share', host: '', revealsFriends: true });
      return;
  }
}

/** Of a category that no purpose lists. */
function secretly(draft: Draft, { asks }: Program, chance: Chance): void {
  const open = SECRETLY.filter(({ category }) => !asks.some(({ need }) => need.category === category));
  if (open.length === 0) return;
  const need = open[chance.isBelow(0.6) ? 0 : chance.below(open.length)]!;
  draft.api = need.api;
  draft.purpose = '';
  draft.fields = usualFields(need);
  draft.rows = 1;
  draft.bytes = need.bytesPerRow;
  draft.link = null;
  draft.durationMs = 0;
}

function leadTo(draft: Draft, link: NonNullable<Draft['link']>): void {
  draft.api = 'wx.openUrl';
  draft.purpose = '';
  draft.fields = '';
  draft.rows = 1;
  draft.bytes = 0;
  draft.durationMs = 0;
  draft.link = link;
}

/** One that is declared and does not list the need's category. */
function otherPurpose({ asks }: Program, { category, purpose }: Need): string | null {
  const lists = (id: string): boolean => asks.some(({ need }) => need.purpose === id && need.category === category);
  const other = asks.find(
    (ask) => ask.need.purpose !== '' && ask.need.purpose !== purpose && !ask.isLater && !lists(ask.need.purpose),
  );
  return other?.need.purpose ?? null;
}
