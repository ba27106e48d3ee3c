import type { Caller } from "@tessera/contracts/caller";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import type { Authenticate } from "../authenticate.ts";
import { closeReasonOf, RIGHTS_CHANGED, sameRights, type CloseReason, type Credential } from "./credential.ts";
import { CLOSE } from "./protocol.ts";

/** Credentials asked about at once; equal ones are asked about once. */
const CONCURRENT_CHECKS = 32;
/** Milliseconds a credential may stay unconfirmed while nobody can be asked; then its sockets close, since it may have been revoked. */
export const MAX_UNCONFIRMED_MS = 30_000;

/** A socket whose credential is watched. */
export interface WatchedSocket {
  readonly credential: () => Credential | null;
  readonly close: (reason: CloseReason) => void;
}

const byHeader = (sockets: Iterable<WatchedSocket>): Map<string, WatchedSocket[]> => {
  const groups = new Map<string, WatchedSocket[]>();
  for (const socket of sockets) {
    const header = socket.credential()?.header;
    if (header === undefined) continue;
    const group = groups.get(header);
    if (group === undefined) groups.set(header, [socket]);
    else group.push(socket);
  }
  return groups;
};

/** Asks again for the credential of each socket; closes those that are revoked, changed, or unconfirmed for too long. */
export type CredentialChecks = (sockets: Iterable<WatchedSocket>) => Promise<void>;

/** Makes the checks; between them it remembers when each credential was last confirmed. */
export const createCredentialChecks = (deps: {
  readonly authenticate: Authenticate;
  readonly nowMs: NowMs;
  readonly logger: Logger;
}): CredentialChecks => {
  const confirmedAtMs = new Map<string, number>();
  const confirm = (header: string, group: readonly WatchedSocket[], caller: Caller): void => {
    confirmedAtMs.set(header, deps.nowMs());
    for (const socket of group) {
      const held = socket.credential();
      if (held?.header === header && !sameRights(held.caller, caller)) socket.close(RIGHTS_CHANGED);
    }
  };
  const doubt = (header: string, group: readonly WatchedSocket[], error: unknown): void => {
    const reason = closeReasonOf(error);
    const since = confirmedAtMs.get(header) ?? deps.nowMs();
    confirmedAtMs.set(header, since);
    const isTooLong = deps.nowMs() - since > MAX_UNCONFIRMED_MS;
    if (reason === null) deps.logger.warn({ error: errorMessage(error) }, "A credential could not be confirmed.");
    if (reason === null && !isTooLong) return;
    const closing = reason ?? { code: CLOSE.tryAgainLater, reason: "The credential can't be confirmed at the moment." };
    for (const socket of group) if (socket.credential()?.header === header) socket.close(closing);
  };
  return async (sockets) => {
    const groups = byHeader(sockets);
    for (const header of confirmedAtMs.keys()) if (!groups.has(header)) confirmedAtMs.delete(header);
    const queue = [...groups];
    const work = async (): Promise<void> => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        const [header, group] = next;
        await deps.authenticate(header, "AGAIN").then(
          (caller) => confirm(header, group, caller),
          (error: unknown) => doubt(header, group, error),
        );
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT_CHECKS }, work));
  };
};
