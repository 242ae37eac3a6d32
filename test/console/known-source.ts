/** Figures that are known, for the pages; how often each was asked for. */
import type { InterceptionReport } from '../../schemas/report/interceptions.ts';
import type {
  Alarms,
  Conclusion,
  ConsoleSource,
  OpenedAccess,
  ProgramPage,
  ToldAlarm,
} from '../../services/console/console-source.ts';
import { alarmRate } from '../../services/domain/review/alarm-rate.ts';
import { WarehouseError } from '../../services/platform/warehouse/warehouse.ts';

export const REPORT: InterceptionReport = {
  from: '1970-01-01T00:00:00Z',
  to: '2255-01-01T00:00:00Z',
  asOf: '2026-04-02T10:11:12.345Z',
  settled: false,
  intercepted: { attempts: 1, programs: 1, users: 1, prevented: 1, alreadyRefused: 0, late: 0 },
  wouldHaveBeenIntercepted: { attempts: 0, programs: 0 },
  accesses: 3,
  byVerdict: { allow: 2, flag: 0, throttle: 0, intercept: 1 },
  byReason: [{ reason: 'consent_missing', attempts: 1, programs: 1 }],
  byCategory: [{ category: 'location', attempts: 1, programs: 1 }],
  byClass: [],
  topPrograms: [],
  quality: { recordsRead: 3, duplicates: 0, rejected: 0, rowsStored: 3, unwritten: 0, complete: true },
};

const PAGE_TIME_MS = Date.UTC(2026, 2, 1, 2);
const HOUR_MS = 3_600_000;

export const ALARM: ToldAlarm = {
  episode: {
    partition: 1,
    offset: 5,
    id: '1-5',
    program: 'wx1',
    className: 'maps',
    startMs: PAGE_TIME_MS,
    lastMs: PAGE_TIME_MS + HOUR_MS / 2,
    results: 3,
    reasons: ['users_above_baseline', 'periodic_polling'],
    categories: ['location'],
    score: 8.5,
    topOffset: 7,
    contributions: [
      { feature: 'distinct_users', amount: 7 },
      { feature: 'rhythm', amount: 1.5 },
    ],
  },
  reviews: [],
  found: 'Within 1 hour, 20 calls reached 20 users; ordinary would be about 4, up to 9.',
  command: 'ntk review 1-5 true_positive|false_positive|expected --note "WHY"',
};

export const OPENED: OpenedAccess = {
  told: {
    id: '1-7',
    at: '2026-03-01T02:00:00.000Z',
    program: 'wx1',
    page: '/programs?id=wx1',
    did: 'took location',
    reasons: [{ title: 'Not declared', sentence: 'It is not.' }],
    remedy: 'Declare it.',
    became: 'late',
  },
  programId: 'wx1',
  verdict: 'intercept',
  proposed: 'intercept',
  checks: [{ check: 1, name: 'standing', status: 'passed', text: 'The program is neither suspended nor banned.' }],
  facts: [{ name: 'API', value: 'wx.getLocation' }],
  command: 'ntk explain x',
};

export const PAGE: ProgramPage = {
  program: 'wx1',
  facts: {
    declared: {
      version: 3,
      developer: 'dev_1',
      className: 'maps',
      kinds: [
        { category: 'location', purposes: ['nearby'], isBackgroundAllowed: true },
        { category: 'camera', purposes: ['scan'], isBackgroundAllowed: false },
      ],
    },
    standing: { state: 'suspended', until: '2026-04-01T00:00:00.000Z' },
    entitlements: new Map([
      ['contacts', '2027-01-01T00:00:00.000Z'],
      ['camera', null],
    ]),
  },
  figures: {
    accesses: 1_234,
    intercepted: 5,
    prevented: 2,
    alreadyRefused: 1,
    late: 2,
    wouldHave: 6,
    users: 4,
    byReason: [{ reason: 'undeclared_category', attempts: 5 }],
    byCategory: [
      { category: 'location', accesses: 1_200, background: 9, intercepted: 0, wouldHave: 6, lastMs: PAGE_TIME_MS },
      { category: 'contacts', accesses: 34, background: 0, intercepted: 5, wouldHave: 0, lastMs: PAGE_TIME_MS },
    ],
  },
  hours: [
    {
      category: 'location',
      hours: Array.from({ length: 72 }, (_, i) => ({
        startMs: PAGE_TIME_MS + (i - 48) * HOUR_MS,
        value: i % 7,
        usual: i < 24 ? null : 2,
      })),
    },
  ],
  alarms: [ALARM],
  newest: [OPENED.told],
  commands: ['ntk explain --program wx1'],
};

export class KnownSource implements ConsoleSource {
  readonly about = { version: '0.1.0', logId: 'a-log', simulated: 'now' as const, dataIn: 'folder <b>data</b>' };
  asked = { report: 0, certified: 0, alarms: 0, programs: 0, program: 0 };
  alarmsTold: readonly ToldAlarm[] = [ALARM];
  page: ProgramPage = PAGE;
  opened: OpenedAccess = OPENED;
  concluded: Conclusion[] = [];
  /** What the answer about a program waits for. */
  programWaits: Promise<void> = Promise.resolve();
  stored = REPORT;
  isAway = false;

  standing(): ReturnType<ConsoleSource['standing']> {
    return Promise.resolve({ waitingRecords: 0, policy: null, troubles: [] });
  }
  async report(): Promise<InterceptionReport> {
    this.asked.report++;
    if (this.isAway) throw new WarehouseError('UNREACHABLE', true, 'http://10.1.2.3:8123: cannot be reached');
    return Promise.resolve(this.stored);
  }
  async certified(): ReturnType<ConsoleSource['certified']> {
    this.asked.certified++;
    const timeline = { period: 'day' as const, counts: [] };
    return {
      report: await this.report(),
      certificate: { logId: 'a-log', engines: [2], partitions: [], policies: [], span: null, simulated: 0, timeline },
    };
  }
  newest(): ReturnType<ConsoleSource['newest']> {
    return Promise.resolve([]);
  }
  open(partition: number, offset: number): ReturnType<ConsoleSource['open']> {
    if (partition !== 1 || offset !== 7) return Promise.resolve(null);
    return Promise.resolve(this.opened);
  }
  programs(): ReturnType<ConsoleSource['programs']> {
    this.asked.programs++;
    const { program } = this.page;
    return Promise.resolve([
      { program, className: 'maps', accesses: 1_234, intercepted: 5, wouldHave: 6, unusual: 7, lastMs: PAGE_TIME_MS },
    ]);
  }
  async program(id: string): ReturnType<ConsoleSource['program']> {
    this.asked.program++;
    if (this.isAway) throw new WarehouseError('UNREACHABLE', true, 'http://10.1.2.3:8123: cannot be reached');
    await this.programWaits;
    return id === this.page.program ? this.page : null;
  }
  alarms(isOpen: boolean): Promise<Alarms> {
    this.asked.alarms++;
    const told = this.alarmsTold.filter(({ reviews }) => !isOpen || reviews.length === 0);
    const counts = {
      byDisposition: { true_positive: 1, false_positive: 0, expected: 0 },
      unreviewed: 1,
      programDays: 1_400,
      budget: 0.001,
    };
    return Promise.resolve({ told, measured: { ...counts, ...alarmRate(counts) } });
  }
  conclude(conclusion: Conclusion): Promise<string | null> {
    this.concluded.push(conclusion);
    return Promise.resolve(conclusion.offset === 5 ? ALARM.episode.id : null);
  }
}
