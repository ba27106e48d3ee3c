/** Topic on which {@link AuthenticationFailed} is told: in the log of the installation, and in that of the tenant that was aimed at, where it is known. */
export const AUTHENTICATION_FAILED = "authentication.failed";

/** What was wrong: a key nobody has or that is malformed, a wrong secret of a key there is, a token, or a person's password. */
export const GUESSES = ["UNKNOWN_KEY", "WRONG_SECRET", "TOKEN", "SIGN_IN"] as const;

/** One of {@link GUESSES}. */
export type Guess = (typeof GUESSES)[number];

/** Told of a credential that was refused, when the refusal may have been a guess; it holds no credential and nothing one can be found by. */
export interface AuthenticationFailed {
  /** A UUID made where the credential was refused. */
  readonly failureId: string;
  /** Network address it came from. */
  readonly address: string;
  readonly guess: Guess;
  /** Keyed hash of what was tried: equal for the same, 16 hexadecimal digits. */
  readonly tried: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}
