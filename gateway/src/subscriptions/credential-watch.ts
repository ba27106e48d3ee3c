import type { NowMs } from "@tessera/platform/time/clock";
import type { CredentialChecks, WatchedSocket } from "./credential-checks.ts";
import { EXPIRED } from "./credential.ts";

/** Milliseconds between two looks at expiries: how long a socket may outlive its token. */
const EXPIRY_CHECK_MS = 250;

/** Watches the credentials of open sockets. */
export interface CredentialWatch {
  readonly add: (socket: WatchedSocket) => void;
  readonly remove: (socket: WatchedSocket) => void;
  readonly stop: () => void;
}

/** Closes sockets whose credential expired, by the clock, and has the others checked every `checkMs`; one round at a time. */
export const createCredentialWatch = (deps: {
  readonly check: CredentialChecks;
  readonly checkMs: number;
  readonly nowMs: NowMs;
}): CredentialWatch => {
  const sockets = new Set<WatchedSocket>();
  let checking = false;
  const closeExpired = (): void => {
    const nowMs = deps.nowMs();
    for (const socket of sockets) {
      const expiresAtMs = socket.credential()?.caller.expiresAtMs ?? null;
      if (expiresAtMs !== null && expiresAtMs <= nowMs) socket.close(EXPIRED);
    }
  };
  const expiryTimer = setInterval(closeExpired, EXPIRY_CHECK_MS);
  const checkTimer = setInterval(() => {
    if (checking) return;
    checking = true;
    void deps.check(sockets).finally(() => {
      checking = false;
    });
  }, deps.checkMs);
  expiryTimer.unref();
  checkTimer.unref();
  return {
    add: (socket) => void sockets.add(socket),
    remove: (socket) => void sockets.delete(socket),
    stop: () => {
      clearInterval(expiryTimer);
      clearInterval(checkTimer);
    },
  };
};
