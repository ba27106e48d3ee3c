import { AUTHENTICATION_FAILED, type AuthenticationFailed } from "@tessera/contracts/events/authentication-failed";
import { INSTALLATION, isUuid, parseApiKeyId, type TenantId } from "@tessera/contracts/ids";
import { isCredentialHash } from "@tessera/platform/auth/api-key";
import type { KeyedHash } from "@tessera/platform/auth/keyed-hash";
import { refuse } from "@tessera/platform/errors/refusal";
import type { EventLog, LogAppend } from "@tessera/platform/events/event-log";
import type { NowMs } from "@tessera/platform/time/clock";
import type { Throttle } from "../domain/abuse/throttle.ts";
import type { CredentialStore } from "../store/credential-store.ts";
import type { SecurityStore } from "../store/security-store.ts";

/** Failures one report may tell of. */
export const MAX_REPORTED = 500;
/** Throttles of addresses that are answered: those made last, when there are more. */
const MAX_ADDRESSES = 1_000;
/** Digits by which what was tried is told apart. */
const TRIED_DIGITS = 16;

/** A refused credential as a process at the edge tells of it. */
export interface ReportedFailure {
  readonly failureId: string;
  readonly address: string;
  readonly keyId?: string | null | undefined;
  readonly token: boolean;
  /** SHA-256 of what was presented, hexadecimal. */
  readonly tried: string;
  readonly at: string;
}

/** Tells of refused credentials; answers the throttles that hold for addresses. */
export type ReportFailures = (failures: readonly ReportedFailure[]) => Promise<readonly Throttle[]>;

const requireFailures = (failures: readonly ReportedFailure[]): void => {
  if (failures.length > MAX_REPORTED) throw refuse("BAD_INPUT", `At most ${MAX_REPORTED} failures are told at once.`);
  if (failures.some(({ failureId, tried }) => !isUuid(failureId) || !isCredentialHash(tried)))
    throw refuse("BAD_INPUT", "A failure has a UUID, and a SHA-256 of what was tried.");
};

/** Builds {@link ReportFailures}. A right key that is revoked, expired or of a suspended tenant is no guess, and nothing is told of it. */
export const createReportFailures = (deps: {
  readonly credentials: Pick<CredentialStore, "findAcrossTenants">;
  readonly keyedHash: KeyedHash;
  readonly eventLog: EventLog;
  readonly security: SecurityStore;
  readonly nowMs: NowMs;
}): ReportFailures => {
  const { keyedHash } = deps;
  const aimOf = async ({
    token,
    keyId,
    tried,
  }: ReportedFailure): Promise<{ guess: AuthenticationFailed["guess"]; tenantId: TenantId | null } | null> => {
    if (token) return { guess: "TOKEN", tenantId: null };
    const id = parseApiKeyId(keyId ?? "");
    const kept = id === null ? null : await deps.credentials.findAcrossTenants(id);
    if (kept === null) return { guess: "UNKNOWN_KEY", tenantId: null };
    if (keyedHash.matches(tried, kept.keyHash) || keyedHash.matches(tried, kept.previousKeyHash)) return null;
    return { guess: "WRONG_SECRET", tenantId: kept.tenantId };
  };
  const entriesOf = async (reported: ReportedFailure): Promise<readonly LogAppend[]> => {
    const aim = await aimOf(reported);
    if (aim === null) return [];
    const payload: AuthenticationFailed = {
      ...{ failureId: reported.failureId, address: reported.address, guess: aim.guess, atMs: Date.parse(reported.at) },
      tried: Buffer.from(keyedHash.of(reported.tried)).toString("hex").slice(0, TRIED_DIGITS),
    };
    const entry = { topic: AUTHENTICATION_FAILED, dedupeKey: reported.failureId, payload };
    const own = aim.tenantId === null ? [] : [{ ...entry, tenantId: aim.tenantId }];
    return [{ ...entry, tenantId: INSTALLATION }, ...own];
  };
  return async (failures) => {
    requireFailures(failures);
    const entries: LogAppend[] = [];
    // One after the other: a report of guesses must not take the connections that others wait for.
    for (const reported of failures) entries.push(...(await entriesOf(reported)));
    if (entries.length > 0) await deps.eventLog.append(entries);
    return deps.security.throttles(INSTALLATION, deps.nowMs(), MAX_ADDRESSES);
  };
};
