/** Which setting is meant by a name that is none. */
import { closestTo } from '../../../schemas/policy/wording.ts';
import { environmentName, SETTING_NAMES, type SettingName } from './settings.ts';

/** Of the environment, beside the settings. */
const OTHER_VARIABLES = ['NTK_TOKEN', 'NTK_DEBUG'];
/** Other programs have variables that begin like ours: only what is a slip of the fingers is one of ours. */
const VARIABLE_EDITS_MAX = 2;

/** By its letters alone (`http_port`, `NTK_HTTP_PORT`, `HttpPort`), by a slip, or by its end where only one ends so (`port`). */
export function settingMeant(name: string): SettingName | undefined {
  const letters = name
    .replace(/^NTK_/i, '')
    .replaceAll(/[^a-z0-9]/gi, '')
    .toLowerCase();
  const lowered = SETTING_NAMES.map((known) => known.toLowerCase());
  const close = closestTo(letters, lowered);
  if (close !== undefined) return SETTING_NAMES[lowered.indexOf(close)];
  const ending = SETTING_NAMES.filter((known) => letters.length > 2 && known.toLowerCase().endsWith(letters));
  return ending.length === 1 ? ending[0] : undefined;
}

/** One line for each variable that is none of ours and nearly is: it changes nothing, and somebody means it to. */
export function misspeltVariables(env: Readonly<Record<string, string | undefined>> = process.env): string[] {
  const known = [...SETTING_NAMES.map(environmentName), ...OTHER_VARIABLES];
  return Object.keys(env)
    .filter((name) => name.startsWith('NTK_') && !known.includes(name))
    .flatMap((name) => {
      const meant = closestTo(name, known, VARIABLE_EDITS_MAX);
      return meant === undefined ? [] : [`${name} is no setting and changes nothing; did you mean ${meant}?`];
    });
}
