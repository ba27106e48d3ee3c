import { createHmac } from "node:crypto";
import type { TenantId, UserId } from "@tessera/contracts/ids";
import type { Passwords } from "./passwords.ts";
import type { PeopleStore } from "./people-store.ts";

/** Seconds in which attempts are counted. */
const WINDOW_SECONDS = 900;
/** Attempts for one address of one tenant in a window: enough for a forgetful person, few enough against guessing. */
export const MAX_ATTEMPTS_PER_PERSON = 10;
/** Attempts from one network address in a window, whoever they are for: room for an office behind one address. */
export const MAX_ATTEMPTS_PER_ADDRESS = 100;

/** What came of an attempt to sign in. */
export type SignInOutcome =
  | { readonly kind: "SIGNED_IN"; readonly userId: UserId }
  | { readonly kind: "WRONG" }
  | { readonly kind: "THROTTLED"; readonly retryAfterSeconds: number };

/** One attempt to sign in to one tenant. */
export interface SignInAttempt {
  readonly tenantId: TenantId;
  readonly email: string;
  readonly password: string;
  readonly address: string;
}

/** An attempt that was wrong, as it may be told: the person by a keyed hash alone. */
export interface WrongSignIn {
  readonly tenantId: TenantId;
  readonly address: string;
  /** Hexadecimal; equal for the same person of the same tenant, whether there is one or not. */
  readonly person: string;
}

/** Decides about attempts; every one counts before its password is looked at, on all replicas together. */
export type SignIn = (attempt: SignInAttempt) => Promise<SignInOutcome>;

/** Builds {@link SignIn}. Unknown people, people without a password and wrong passwords take the same steps and get the same answer. */
export const createSignIn = (deps: {
  people: PeopleStore;
  passwords: Passwords;
  secret: string;
  /** Hears of every wrong attempt before it is answered; its failure must be its own. */
  onWrong?: ((wrong: WrongSignIn) => Promise<void>) | undefined;
}): SignIn => {
  const keyOf = (kind: string, text: string): Uint8Array =>
    createHmac("sha256", deps.secret).update(`sign-in ${kind} ${text}`).digest();
  const throttled = { kind: "THROTTLED", retryAfterSeconds: WINDOW_SECONDS } as const;
  return async ({ tenantId, email, password, address }) => {
    const person = keyOf("person", `${tenantId} ${email.trim().toLowerCase()}`);
    const [ofPerson, ofAddress] = await Promise.all([
      deps.people.countAttempt(person, WINDOW_SECONDS),
      deps.people.countAttempt(keyOf("address", address), WINDOW_SECONDS),
    ]);
    if (ofPerson > MAX_ATTEMPTS_PER_PERSON || ofAddress > MAX_ATTEMPTS_PER_ADDRESS) return throttled;
    const found = await deps.people.findPasswordAcrossTenants(tenantId, email.trim());
    const fits = await deps.passwords.matches(password, found?.hash ?? null);
    if (!fits || found === null) {
      await deps.onWrong?.({ tenantId, address, person: Buffer.from(person).toString("hex") });
      return { kind: "WRONG" };
    }
    await deps.people.forgetAttempts(person);
    return { kind: "SIGNED_IN", userId: found.userId };
  };
};
