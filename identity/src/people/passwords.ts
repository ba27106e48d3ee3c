import { hash, verify } from "@node-rs/argon2";

/**
 * Cost of one argon2id hash, after OWASP's recommendation for interactive sign-in: 19 MiB, 2 passes, 1 lane. The library's default
 * algorithm is argon2id (RFC 9106).
 */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** Hashes computed at once: each takes a core for about 20 ms and 19 MiB; more attempts wait their turn. */
const MAX_HASHES_AT_ONCE = 2;
/** Attempts that may wait for their turn; above it sign-in is refused for the moment. */
export const MAX_WAITING_HASHES = 64;
/** Characters of a password: long enough to resist guessing, bounded so that nobody makes us hash a book (NIST SP 800-63B, 3.1.1.2). */
export const MIN_PASSWORD_LENGTH = 12;
/** The longest password that is taken. */
export const MAX_PASSWORD_LENGTH = 200;

/** Hashes and checks passwords. */
export interface Passwords {
  hash(password: string): Promise<string>;
  /** Whether a password fits a kept hash; with nothing kept it takes as long and is false. */
  matches(password: string, kept: string | null): Promise<boolean>;
}

/** Thrown when too many attempts wait already. */
export class TooManyHashes extends Error {
  override readonly name = "TooManyHashes";
}

const createTurns = () => {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= MAX_HASHES_AT_ONCE) {
      if (waiting.length >= MAX_WAITING_HASHES) throw new TooManyHashes("Too many passwords are being checked.");
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  };
};

/** Builds {@link Passwords}; Unicode is normalised (NFKC) first, so that a password fits however it was typed. */
export const createPasswords = (): Passwords => {
  const inTurn = createTurns();
  const normal = (password: string): string => password.normalize("NFKC");
  const nobody = hash("a password nobody has", COST);
  nobody.catch(() => undefined);
  return {
    hash: (password) => inTurn(() => hash(normal(password), COST)),
    matches: (password, kept) =>
      inTurn(async () => {
        const fits = await verify(kept ?? (await nobody), normal(password)).catch(() => false);
        return fits && kept !== null;
      }),
  };
};
