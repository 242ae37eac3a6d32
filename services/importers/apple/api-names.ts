/** What a report calls a kind of data, to the host API of the catalogue (schemas/catalogue/apple.json maps those to categories). */

/** API of the domains that a program contacted. */
export const NETWORK_API = 'apple.network';

/** Reports before version 3 name the permission (`tccService`) instead of a category. */
const API_BY_TCC_SERVICE: ReadonlyMap<string, string> = new Map([
  ['kTCCServiceAddressBook', 'apple.contacts'],
  ['kTCCServiceCamera', 'apple.camera'],
  ['kTCCServiceMediaLibrary', 'apple.mediaLibrary'],
  ['kTCCServiceMicrophone', 'apple.microphone'],
  ['kTCCServicePhotos', 'apple.photos'],
  ['kTCCServiceScreenCapture', 'apple.screenRecording'],
]);

const STREAM_PREFIX = 'com.apple.privacy.accounting.stream.';
/** ... and what needs no permission of that kind by the stream alone. */
const API_BY_STREAM: ReadonlyMap<string, string> = new Map([
  ['location', 'apple.location'],
  ['replay-kit', 'apple.screenRecording'],
]);

/**
 * API of an access. Names that are not known keep theirs, so that the scorer finds them unmapped (`unmapped_api`) instead of
 * nobody finding them at all. Null when the record names nothing.
 */
export function apiOf(category: string | null, tccService: string | null, stream: string | null): string | null {
  if (category !== null) return `apple.${category}`;
  if (tccService !== null) return API_BY_TCC_SERVICE.get(tccService) ?? `apple.${tccService}`;
  if (stream === null) return null;
  const name = stream.startsWith(STREAM_PREFIX) ? stream.slice(STREAM_PREFIX.length) : stream;
  return API_BY_STREAM.get(name) ?? `apple.${name}`;
}
