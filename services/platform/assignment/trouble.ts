/** What keeps a partition of a scorer or a writer from going on, for `/health`. */
export interface Trouble {
  readonly message: string;
  /** It stands still until a person has done what the message says; otherwise it is tried again. */
  readonly isParked: boolean;
}
