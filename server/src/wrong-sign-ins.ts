import { AUTHENTICATION_FAILED, type AuthenticationFailed } from "@tessera/contracts/events/authentication-failed";
import { INSTALLATION } from "@tessera/contracts/ids";
import type { IdentityDeps } from "@tessera/identity/identity";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Resources } from "@tessera/platform/runtime/resources";

/** Digits by which people are told apart. */
const TRIED_DIGITS = 16;

/**
 * Tells of wrong sign-ins where abuse is looked for: in the log of the installation and in that of the tenant. Nobody's sign-in waits for the log to come back,
 * so what can't be told is left out, and said.
 */
export const createTellWrongSignIns =
  ({
    eventLog,
    newId,
    nowMs,
    logger,
  }: Pick<Resources, "eventLog" | "newId" | "nowMs" | "logger">): NonNullable<IdentityDeps["onWrongSignIn"]> =>
  async ({ tenantId, address, person }) => {
    const failureId = newId();
    const tried = person.slice(0, TRIED_DIGITS);
    const payload: AuthenticationFailed = { failureId, address, guess: "SIGN_IN", tried, atMs: nowMs() };
    const entry = { topic: AUTHENTICATION_FAILED, dedupeKey: failureId, payload };
    await eventLog
      .append([INSTALLATION, tenantId].map((of) => ({ ...entry, tenantId: of })))
      .catch((error: unknown) => logger.warn({ error: errorMessage(error) }, "A wrong sign-in could not be told."));
  };
