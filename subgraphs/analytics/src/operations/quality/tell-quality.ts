import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { createKeptLookups } from "@tessera/platform/runtime/kept-for-a-while";
import type { NowMs } from "@tessera/platform/time/clock";
import { answerQuality, NOTHING_KNOWN, type AnswerQuality } from "../../domain/quality/answer-quality.ts";
import type { NamesRead } from "../../domain/quality/event-names-read.ts";
import { KEPT_EXPECTATIONS, type KeptExpectation } from "../../domain/quality/kept-expectation.ts";
import type { ExpectationStore } from "../../store/quality/expectation-store-types.ts";

/** What telling of the quality of what was read needs. */
export interface TellQualityDeps {
  readonly expectations: Pick<ExpectationStore, "list">;
  readonly nowMs: NowMs;
}

/** Milliseconds for which the verdicts of a tenant are kept: short beside the hour between two tests, long beside the time between two questions. */
const KEPT_MS = 30_000;
/** Tenants whose verdicts a process keeps, at most 200 of each. */
const MAX_KEPT = 500;

/**
 * Tells what the last tests of kept expectations say of the events that an answer read. They are of all events: who may not see all, or may not ask for
 * expectations, is told nothing of them.
 */
export const tellQuality = ({ expectations, nowMs }: TellQualityDeps) => {
  const kept = createKeptLookups<TenantId, readonly KeptExpectation[]>({ ms: KEPT_MS, most: MAX_KEPT, nowMs });
  return async (caller: Caller, names: NamesRead): Promise<AnswerQuality> => {
    const told =
      caller.dataPolicy === null && caller.subject.kind !== "LINK" && caller.permissions.has("analytics:read");
    if (!told) return NOTHING_KNOWN;
    const { tenantId } = caller;
    const atMs = nowMs();
    const list = () => expectations.list(tenantId, null, KEPT_EXPECTATIONS.ofTenant);
    return answerQuality(await kept.of(tenantId, list), names, atMs);
  };
};
