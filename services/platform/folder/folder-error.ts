/** What is wrong with a data folder, in one line that says what to do. */
type FolderErrorCode =
  | 'folder_missing'
  | 'log_missing'
  | 'folder_is_a_file'
  | 'folder_not_writable'
  | 'user_key_damaged'
  | 'user_key_missing'
  | 'stored_user_damaged'
  | 'system_file_damaged'
  | 'lock_unusable';

export class FolderError extends Error {
  readonly code: FolderErrorCode;
  constructor(code: FolderErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FolderError';
    this.code = code;
  }
}

/** @param what that is in a folder, or the folder, as a person knows it */
export function noSpaceFor(what: string, cause: unknown): FolderError {
  return new FolderError('folder_not_writable', `no space is left for ${what}; make room on that disk and try again`, { cause });
}
