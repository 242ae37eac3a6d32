/** A data folder with alarms of the baselines: real accesses, whose stored rows say what the baselines would have found. */
import { behindItsBack, type Desk, ntkOk } from './ntk.ts';
import { access, ndjson } from './records.ts';

export const ALARMED = 'wx-parcel';
export const ALSO_ALARMED = 'wx-coffee';

const POLICY = 'version: reviewed\nbaselines: { falseAlarmsPerProgramDay: 0.001 }\n';

const at = (hour: number, minute: number): string =>
  `2026-03-01T${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}:00Z`;

/**
 * Of ALARMED the night (ids `night-0` to `night-2`, two hours with 59 minutes between the last two) and seven hours later the morning;
 * of ALSO_ALARMED one alarm in the same night, and accesses on two days with which nothing is wrong (ids beginning with `fine`).
 */
export async function makeAlarmedFolder(desk: Desk): Promise<void> {
  const lines = [
    access({ id: 'night-0', subject: ALARMED, time: at(2, 0) }),
    access({ id: 'night-1', subject: ALARMED, time: at(2, 20) }),
    access({ id: 'night-2', subject: ALARMED, time: at(3, 19) }),
    access({ id: 'morning-0', subject: ALARMED, time: at(9, 0) }),
    access({ id: 'coffee-0', subject: ALSO_ALARMED, time: at(2, 20) }),
    access({ id: 'fine', subject: ALSO_ALARMED, time: at(5, 1) }),
    access({ id: 'fine-too', subject: ALSO_ALARMED, time: '2026-03-02T05:01:00Z' }),
  ];
  const policy = desk.write('policy.yaml', POLICY);
  await ntkOk(['run', '--data', desk.data, '--policy', policy, '--input', desk.write('a.ndjson', ndjson(...lines))]);
  await behindItsBack(desk.data, async (warehouse) => {
    await warehouse.command(
      `ALTER TABLE ntk.access_results UPDATE
         reasons = arrayConcat(reasons, if(event_id = 'night-2', ['users_above_baseline', 'periodic_polling'], ['users_above_baseline'])),
         effective = arrayConcat(effective, if(event_id = 'night-2', ['allow', 'allow'], ['allow'])),
         score = if(event_id = 'night-2', 8.5, 4.25),
         contributions = if(event_id = 'night-2', map('rhythm', 1.5, 'distinct_users', 7), map('distinct_users', 4.25))
       WHERE event_id NOT LIKE 'fine%' SETTINGS mutations_sync = 1`,
    );
  });
}
