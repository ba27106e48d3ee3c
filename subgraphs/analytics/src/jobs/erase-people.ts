import { createHash } from "node:crypto";
import type { ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import type { TenantId } from "@tessera/contracts/ids";
import { keptSubject } from "@tessera/platform/auth/standing-subject";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Background } from "@tessera/platform/graphql/subgraph";
import { createRepeatedLook } from "@tessera/platform/runtime/repeated-look";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { backgroundRecord } from "../domain/background-record.ts";
import { ERASURE_STEPS, nextPassMs, type ErasureRun } from "../domain/people/erasure.ts";
import type { IdentityKey } from "../domain/people/identity.ts";
import type { NumberedKey } from "../store/people/people-store-types.ts";
import { eraseStep, type EraseStepDeps } from "./erase-person-step.ts";

/** Seconds without a sign of life after which a run is taken for dead. */
const LEASE_SECONDS = 60;
/** Milliseconds between signs of life: three fit into a lease. */
const RENEW_MS = 20_000;
/** Runs begun by one look: each rewrites parts of large tables. */
const MAX_AT_ONCE = 2;
/** Milliseconds between looks for erasures that are due. */
const LOOK_MS = 2_000;
/** Ids a record of an execution holds. */
const MAX_RECORDED = 20;

/** What erasing people needs. */
export interface EraseDeps extends EraseStepDeps {
  /** Ids with the numbers that events of them are stored with. */
  readonly numbered: (tenantId: TenantId, keys: readonly IdentityKey[]) => Promise<readonly NumberedKey[]>;
  readonly nowMs: NowMs;
  readonly newId: () => string;
  readonly logger: Logger;
}

/** The proof that an id was erased, for whoever knows the id and the erasure: SHA-256 of `<id of the erasure>\n<kind>:<id>`. */
export const erasureDigest = (erasureId: string, key: IdentityKey): string =>
  `sha256:${createHash("sha256").update(`${erasureId}\n${key}`).digest("hex")}`;

/** The record of a pass as an execution: it names the erasure and its digests, and nobody. */
const recordOf = ({ newId, nowMs }: EraseDeps, run: ErasureRun, startedAtMs: number): ExecutionRecorded => {
  const elapsedMs = Math.max(0, nowMs() - startedAtMs);
  return backgroundRecord({
    ...{ executionId: newId(), tenantId: run.tenantId, subject: keptSubject(run.requestedBy) },
    ...{ operationName: "erasePerson", fields: ["Mutation.erasePerson"] },
    objects: [run.id, ...run.digests].slice(0, MAX_RECORDED),
    ...{ used: { rowsRead: 0, bytesRead: 0, storeMs: elapsedMs, elapsedMs }, code: null, startedAtMs },
  });
};

/** Finds every id of the person as links are now, and keeps them with the erasure; also those it had found before. */
const findIds = async (deps: EraseDeps, run: ErasureRun): Promise<ErasureRun | null> => {
  const { tenantId } = run;
  const named = [...new Set([run.asked, ...(run.identities ?? [])])];
  const [own, linked] = await Promise.all([deps.numbered(tenantId, named), deps.erasures.linkedWith(tenantId, named)]);
  const numbers = new Map([...own, ...linked].map(({ key, person }) => [key, person]));
  const identities = [...numbers.keys()].toSorted();
  return deps.erasures.found(run, {
    identities,
    numbers: [...new Set(numbers.values())].toSorted(),
    digests: identities.map((key) => erasureDigest(run.id, key)),
  });
};

/** One pass from where it stands to its end; false when another run has taken over. */
const runPass = async (deps: EraseDeps, claimed: ErasureRun): Promise<boolean> => {
  const startedAtMs = deps.nowMs();
  let run: ErasureRun | null = claimed.identities === null ? await findIds(deps, claimed) : claimed;
  for (
    let step = ERASURE_STEPS[run?.step ?? 0];
    run !== null && step !== undefined;
    step = ERASURE_STEPS[run?.step ?? 0]
  ) {
    const count = await eraseStep(deps, run, step);
    // Somebody was linked to the person meanwhile: all of it again, with the ids that came.
    run = count === null ? await findIds(deps, run) : await deps.erasures.stepped(run, step, count);
  }
  return run !== null && deps.erasures.endPass(run, nextPassMs(run), recordOf(deps, run, startedAtMs));
};

const runErasure = async (deps: EraseDeps, run: ErasureRun): Promise<void> => {
  const { erasures, logger } = deps;
  const renew = (): void =>
    void erasures.renew(run, LEASE_SECONDS).catch((error: unknown) => {
      logger.warn({ erasure: run.id, error: errorMessage(error) }, "The lease of an erasure could not be renewed.");
    });
  const timer = setInterval(renew, RENEW_MS);
  try {
    if (await runPass(deps, run)) {
      deps.forgetAnswers(run.tenantId);
      logger.info({ erasure: run.id, pass: run.passes + 1 }, "A pass of the erasure of a person ended.");
    }
  } catch (error) {
    // Its lease runs out and it is gone on with: whoever asked for it need not ask again.
    logger.error({ erasure: run.id, error: errorMessage(error) }, "A person could not be erased; trying again.");
  } finally {
    clearInterval(timer);
  }
};

/** Goes on with the erasures that are due, side by side; answers how many there were. */
export const eraseDuePeople = (deps: EraseDeps) => async (): Promise<number> => {
  const runs = await deps.erasures.claimAcrossTenants(LEASE_SECONDS, MAX_AT_ONCE);
  await Promise.all(runs.map((run) => runErasure(deps, run)));
  return runs.length;
};

/** Looks for due erasures again and again. Stopping waits for what runs. */
export const createPersonEraser = (deps: EraseDeps): Background => {
  const erase = eraseDuePeople(deps);
  return createRepeatedLook({
    name: "erasures",
    everyMs: LOOK_MS,
    look: async () => (await erase()) > 0,
    trouble: "Due erasures can't be gone on with; trying again.",
    logger: deps.logger,
  });
};
