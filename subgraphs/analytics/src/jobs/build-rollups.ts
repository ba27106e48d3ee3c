import { errorMessage } from "@tessera/platform/errors/error-message";
import { Refusal } from "@tessera/platform/errors/refusal";
import type { Background } from "@tessera/platform/graphql/subgraph";
import { createRepeatedLook } from "@tessera/platform/runtime/repeated-look";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { compileRollup } from "../domain/rollups/compile-rollup.ts";
import { MAX_ROWS_PER_BUCKET } from "../domain/rollups/rollup.ts";
import { slicesOf } from "../domain/rollups/slices.ts";
import { tooWide } from "../domain/rollups/too-wide.ts";
import type { BuildStore, ClaimedBuild, Slice } from "../store/rollups/rollup-store-types.ts";
import type { RollupData, WrittenBuild } from "../store/rollups/rollup-data.ts";

/** Seconds after which a build that nobody has advanced is taken over: no statement of it can then still run. */
const LEASE_SECONDS = 630;
/** Builds worked on by one look, each of another tenant. */
const MAX_AT_ONCE = 2;
/** Milliseconds between looks for builds to be made. */
const LOOK_MS = 1_000;
/** Milliseconds after its end for which the rows of a build stay: whoever had planned to read them has long done so. */
export const ENDED_KEPT_MS = 3_600_000;
/** Ended builds removed in one look: each rewrites parts of the table. */
const MAX_REMOVED = 10;

/** Trouble that passes, and is tried again once the lease is over. */
const PASSING: readonly string[] = ["DEPENDENCY_UNAVAILABLE", "OVERLOADED", "QUERY_CANCELLED"];

/** What building rollups needs. */
export interface BuildDeps {
  readonly builds: BuildStore;
  readonly data: RollupData;
  readonly nowMs: NowMs;
  readonly logger: Logger;
  /** Rows a bucket may have. */
  readonly maxRowsPerBucket?: number;
}

/** A build that has begun, laid out: whoever works on it next finds the same slices. */
const laidOut = async (
  { builds, data }: BuildDeps,
  claimed: ClaimedBuild,
): Promise<{ readonly build: ClaimedBuild; readonly slices: readonly Slice[] } | null> => {
  const build = claimed.history === null ? await builds.begin(claimed) : claimed;
  if (build.history === null) return null;
  if (build.slices !== null) return { build, slices: build.slices };
  const slices = slicesOf(await data.days(build.tenantId, build.history));
  return (await builds.layOut(build, slices)) ? { build, slices } : null;
};

/** Counts the slices that are left; false when the work was taken away, or the rollup is none. */
const countSlices = async (deps: BuildDeps, build: ClaimedBuild, slices: readonly Slice[]): Promise<boolean> => {
  const { builds, data, maxRowsPerBucket = MAX_ROWS_PER_BUCKET } = deps;
  const { tenantId, id, history, content } = build;
  if (history === null) return false;
  const written: WrittenBuild = { tenantId, buildId: id, rollup: compileRollup(content) };
  let events = build.eventsDone;
  for (const [place, slice] of slices.entries()) {
    if (place < build.slicesDone) continue;
    await data.countSlice(written, history, slice);
    events += slice.events;
    const { widest, widestAtMs } = await data.size(tenantId, id, slice);
    if (widest > maxRowsPerBucket) {
      await builds.fail(tenantId, id, tooWide(content, { rows: widest, atMs: widestAtMs }, maxRowsPerBucket));
      return false;
    }
    const { rows } = await data.size(tenantId, id, null);
    if (!(await builds.advance(build, { slices: place + 1, events, rows }, LEASE_SECONDS))) return false;
  }
  return true;
};

const makeBuild = async (deps: BuildDeps, claimed: ClaimedBuild): Promise<void> => {
  const { builds, data, logger } = deps;
  try {
    const laid = await laidOut(deps, claimed);
    if (laid === null || !(await countSlices(deps, laid.build, laid.slices))) return;
    const { rows } = await data.size(claimed.tenantId, claimed.id, null);
    await builds.finish(laid.build, rows);
  } catch (error) {
    if (!(error instanceof Refusal) || PASSING.includes(error.code)) throw error;
    logger.warn({ build: claimed.id, error: errorMessage(error) }, "A rollup can't be built.");
    await builds.fail(claimed.tenantId, claimed.id, { code: error.code, detail: error.message });
  }
};

/** Makes the builds that nobody works on; answers how many there were. A build is complete before it answers, and exactly once whoever dies in between. */
export const makeBuilds = (deps: BuildDeps) => async (): Promise<number> => {
  const claimed = await deps.builds.claimAcrossTenants(LEASE_SECONDS, MAX_AT_ONCE);
  await Promise.all(claimed.map((one) => makeBuild(deps, one)));
  return claimed.length;
};

/** Removes the rows of builds that ended some time ago; answers how many builds there were. */
export const removeEnded =
  ({ builds, data, nowMs }: BuildDeps) =>
  async (): Promise<number> => {
    const ended = await builds.endedAcrossTenants(nowMs() - ENDED_KEPT_MS, MAX_REMOVED);
    for (const { tenantId, id } of ended) {
      await data.drop(tenantId, id);
      await builds.noteRemoved(tenantId, id);
    }
    return ended.length;
  };

/** Looks again and again for rollups to be built and for ended builds to be removed. */
export const createRollupBuilder = (deps: BuildDeps): Background => {
  const [make, remove] = [makeBuilds(deps), removeEnded(deps)];
  return createRepeatedLook({
    name: "rollups",
    everyMs: LOOK_MS,
    look: async () => (await make()) + (await remove()) > 0,
    trouble: "Rollups can't be built; trying again.",
    logger: deps.logger,
  });
};
