import type { Caller } from "@tessera/contracts/caller";
import { Refusal } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import type { Authenticate } from "../../http/serve-route.ts";

/** Milliseconds between two looks at an open stream's credential: one that was revoked ends its streams within 5 s. */
const CREDENTIAL_CHECK_MS = 4_000;
/** Milliseconds a credential may stay unconfirmed while nobody can be asked; then its stream ends, since it may have been revoked. */
const MAX_UNCONFIRMED_MS = 30_000;

/** Looks again and again at the credential a stream is open with. */
export interface CredentialConfirmation {
  /** From now on this credential, which was accepted this moment. */
  readonly hold: (authorization: string) => void;
  readonly stop: () => void;
}

/** Builds the confirmation: `confirmed` hears of each good look, `ended` why the stream must end. */
export const createCredentialConfirmation = (deps: {
  readonly authenticate: Authenticate;
  readonly nowMs: NowMs;
  readonly confirmed: (caller: Caller) => void;
  readonly ended: (error: unknown) => void;
}): CredentialConfirmation => {
  let held: { readonly authorization: string; confirmedMs: number } | null = null;
  const look = (): void => {
    const mine = held;
    if (mine === null) return;
    deps.authenticate(mine.authorization, "AGAIN").then(
      (caller) => {
        if (mine !== held) return;
        mine.confirmedMs = deps.nowMs();
        deps.confirmed(caller);
      },
      (error: unknown) => {
        // That nobody can be asked at the moment says nothing about the credential, for a while.
        const isRefused = error instanceof Refusal && error.code === "UNAUTHENTICATED";
        if (mine === held && (isRefused || deps.nowMs() - mine.confirmedMs > MAX_UNCONFIRMED_MS)) deps.ended(error);
      },
    );
  };
  const timer = setInterval(look, CREDENTIAL_CHECK_MS).unref();
  return {
    hold: (authorization) => {
      held = { authorization, confirmedMs: deps.nowMs() };
    },
    stop: () => {
      held = null;
      clearInterval(timer);
    },
  };
};
