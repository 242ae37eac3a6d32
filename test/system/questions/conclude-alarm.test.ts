/** Two people at one alarm at the same moment: both have looked before either has said anything. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OPEN } from '../../../services/domain/authority/authority.ts';
import { TIME_END_US } from '../../../services/domain/record/time.ts';
import { type EventLog, ORIGIN } from '../../../services/platform/log/event-log.ts';
import { type Concluded, concludeAlarm, type Word } from '../../../services/system/questions/conclude-alarm.ts';
import { AlarmView } from '../../../services/system/questions/episodes.ts';
import type { ReportSource } from '../../../services/system/questions/report.ts';
import { ALARMED, makeAlarmedFolder } from '../../acceptance/alarmed-folder.ts';
import { behindItsBack, Desk, withLog } from '../../acceptance/ntk.ts';
import { changed } from '../../crash/interruptions.ts';

const desk = new Desk();
beforeAll(() => makeAlarmedFolder(desk), 120_000);
afterAll(() => desk.clear());

const ANNA: Word = { disposition: 'true_positive', by: 'anna', note: '' };
const BOB: Word = { disposition: 'false_positive', by: 'bob', note: 'a backup' };

type Source = ReportSource & { readonly log: EventLog };

/** Says a word through a log in which another one lands at the moment of its commit, before it or behind it. */
async function saidAtOnce(source: Source, other: Word, isBefore: boolean, asked: Word): Promise<Concluded> {
  const view = await AlarmView.at(source);
  const [found] = await Array.fromAsync(view.episodes({ fromUs: 0, toUs: TIME_END_US, program: ALARMED }));
  const place = found!.episode;
  const sayOther = (): Promise<unknown> => concludeAlarm(source, { place, ...other, nowMs: 1 });
  const log = changed(source.log, {
    async commit(transaction) {
      if (isBefore) await sayOther();
      const done = await source.log.commit(transaction);
      if (!isBefore) await sayOther();
      return done;
    },
  });
  const concluded = await concludeAlarm({ ...source, log }, { place, ...asked, nowMs: 1 });
  if (concluded.episode === null) throw new Error('there is an episode');
  return concluded;
}

test('who reviews an alarm together with somebody else is told so, and whose word counts; it is measured once', async () => {
  const work = async (source: Source): Promise<void> => {
    const first = await saidAtOnce(source, BOB, true, ANNA);
    expect(first).toMatchObject({ before: [], meanwhile: [BOB], isAppended: true, counts: true });
    const second = await saidAtOnce(source, { ...BOB, note: 'again' }, false, { ...ANNA, note: 'sure' });
    expect(second).toMatchObject({ before: [ANNA, BOB], meanwhile: [{ note: 'again' }], isAppended: true, counts: false });
    // Who comes back to what was said before is heard, and once.
    const { episode: place } = second;
    const say = (): ReturnType<typeof concludeAlarm> => concludeAlarm(source, { place, ...ANNA, nowMs: 2 });
    expect(await say()).toMatchObject({ meanwhile: [], isAppended: true, counts: true });
    expect(await say()).toMatchObject({ before: [ANNA, { note: 'again' }, { note: 'sure' }, ANNA, BOB], isAppended: false });
    // A command is no host that could fall silent.
    const { end } = await source.log.bounds('access', place.partition);
    const { origins } = await source.log.read('access', place.partition, end - 1, { maxRecords: 1, maxBytes: 1 });
    expect([...origins]).toEqual([ORIGIN.run]);
    const { byDisposition } = await (await AlarmView.at(source)).rate({ fromUs: 0, toUs: TIME_END_US }, OPEN);
    expect(byDisposition).toEqual({ true_positive: 1, false_positive: 0, expected: 0 });
  };
  await withLog(desk.data, (log) => behindItsBack(desk.data, (warehouse) => work({ log, logId: log.logId, warehouse })));
}, 120_000);
