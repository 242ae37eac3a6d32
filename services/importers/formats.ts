/** Names of the formats that files come in (`--format`). */
export const IMPORT_FORMATS = ['cloudevents', 'apple-privacy-report', 'wechat-declarations'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];
export const DEFAULT_FORMAT = 'cloudevents' satisfies ImportFormat;

/** The device of an Apple report that no name was given to. */
export const DEFAULT_DEVICE_USER = 'device-1';
