/** The kinds of data in the words of a person, to stand inside a sentence: "asked for the user's location". */
import type { Category } from '../../../schemas/codes.ts';
import { printable } from '../../../schemas/policy/wording.ts';

const WORDS: Readonly<Record<Category, string>> = {
  location: 'location',
  location_coarse: 'rough location',
  contacts: 'contacts',
  contacts_write: 'adding contacts',
  social_graph: 'friends and groups',
  calendar: 'calendar',
  calendar_write: 'adding to the calendar',
  photos: 'photos',
  photos_write: 'saving photos',
  media_library: 'media library',
  camera: 'camera',
  microphone: 'microphone',
  screen_recording: 'screen recording',
  clipboard: 'clipboard',
  bluetooth: 'Bluetooth',
  motion: 'motion sensors',
  health: 'health data',
  device_info: 'device information',
  user_profile: 'user profile',
  phone_number: 'phone number',
  email: 'e-mail address',
  address: 'postal address',
  invoice: 'invoice details',
  license_plate: 'licence plate',
  identity_document: 'identity document',
  order_history: 'order history',
  published_content: 'published content',
  activity_log: 'activity log',
  files: 'files',
  sms: 'text messages',
  call_log: 'call log',
  biometrics: 'biometrics',
  navigation: 'links and redirects',
  network: 'contacted domains',
  unknown: 'unknown data',
};

const CODE_CHARACTERS_MAX = 60;

/** A code of another release stands for itself. */
export function categoryInWords(code: string): string {
  return Object.hasOwn(WORDS, code) ? WORDS[code as Category] : printable(code, CODE_CHARACTERS_MAX);
}
