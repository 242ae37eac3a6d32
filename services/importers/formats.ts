/** Names of the formats that files come in (`--format`). */
export const IMPORT_FORMATS = ['cloudevents', 'apple-privacy-report', 'wechat-declarations', 'android-appops'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];
export const DEFAULT_FORMAT = 'cloudevents' satisfies ImportFormat;

/** The device of a report that no name was given to. */
export const DEFAULT_DEVICE_USER = 'device-1';

/** Of a report whose times name no offset from UTC. */
export const DEFAULT_UTC_OFFSET = 'Z';

/** `Z` or an offset as RFC 3339 writes it: `+08:00`. */
export const UTC_OFFSET: RegExp = /^(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
