import type { Finding } from "../domain/audit-finding.ts";
import type { SealOutcome } from "../operations/seal-log.ts";
import type { AuditVerdict } from "../operations/verify-audit.ts";
import { timeText } from "./time-text.ts";

const broken = (finding: Finding, verifiedRecords: number, nowMs: number) =>
  ({
    __typename: "AuditBroken",
    ...{ kind: finding.kind, sequence: finding.sequence, sealNumber: finding.seal, detail: finding.detail },
    ...{ verifiedRecords, checkedAt: timeText(nowMs) },
  }) as const;

/** A verdict as a member of its result union. */
export const toVerifyAuditResult = (verdict: AuditVerdict, nowMs: number) => {
  if (verdict.kind === "BROKEN") return broken(verdict.finding, verdict.verified, nowMs);
  const { from, end, seals, sealed, next } = verdict;
  return {
    __typename: "AuditVerified",
    ...{ from, records: end - from, seals, sealedRecords: sealed, next },
    checkedAt: timeText(nowMs),
  } as const;
};

/** What came of sealing as a member of its result union. */
export const toSealAuditLogResult = (outcome: SealOutcome, nowMs: number) => {
  if (outcome.kind === "BROKEN") return broken(outcome.finding, outcome.finding.sequence ?? 0, nowMs);
  if (outcome.kind === "UNCHANGED") return { __typename: "AuditLogUnchanged", newestSeal: outcome.seal } as const;
  return { __typename: "AuditLogSealed", seal: outcome.seal, more: outcome.more } as const;
};
