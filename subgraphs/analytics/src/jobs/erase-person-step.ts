import type { TenantId } from "@tessera/contracts/ids";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import type { EventStore, StoreStatement } from "@tessera/platform/store/event-store";
import type { LongQueryStore } from "@tessera/platform/store/long-query-store";
import type { ErasureRun, ErasureStep } from "../domain/people/erasure.ts";
import { identityOf } from "../domain/people/identity.ts";
import type { ErasedPerson, ErasureStatements } from "../store/people/erasure-sql.ts";
import type { ErasureStore } from "../store/people/erasure-store.ts";

/** Matches looked at in one go. */
const MATCHES_AT_ONCE = 1_000;
/** Jobs of a tenant that are found to tell of somebody; they are kept for a week, and a tenant has far fewer. */
const MAX_JOBS = 10_000;
const NO_ID = "00000000-0000-0000-0000-000000000000";

/** What a step needs. */
export interface EraseStepDeps {
  readonly erasures: ErasureStore;
  readonly erasureStatements: ErasureStatements;
  /** Persons as events were stored with them. */
  readonly plainEvents: Pick<EventStore, "query">;
  readonly longQueries: Pick<LongQueryStore, "rewrite">;
  /** Brings the event store's copy of who is who up to date. */
  readonly copyLinks: (tenantId: TenantId) => Promise<void>;
  /** Forgets what this process keeps of a tenant's answers. */
  readonly forgetAnswers: (tenantId: TenantId) => void;
}

const personOf = (run: ErasureRun): ErasedPerson => ({
  numbers: run.numbers,
  ids: (run.identities ?? []).map((key) => identityOf(key).id),
  visitorIds: (run.identities ?? [])
    .map(identityOf)
    .filter(({ kind }) => kind === "VISITOR")
    .map(({ id }) => id),
  cutOffMs: run.cutOffMs,
  saidUntilMs: run.erasedAtMs,
});

const idsOf = async ({ plainEvents, erasureStatements }: EraseStepDeps, run: ErasureRun, asked: StoreStatement) =>
  (await plainEvents.query(wholeTenant(run.tenantId), asked, erasureStatements.idRow)).rows;

/**
 * True when what is known of the person beside events is of before the cut-off: in the first pass; and later as long as nothing came since that says who
 * the person is. Whoever comes back is somebody new, and is left alone.
 */
const isOfBefore = async (deps: EraseStepDeps, run: ErasureRun): Promise<boolean> => {
  if (run.passes === 0) return true;
  const newer = await idsOf(deps, run, deps.erasureStatements.newerEventsStatement(run.tenantId, run));
  return newer.length === 0 && !(await deps.erasures.linkedByHand(run.tenantId, run.identities ?? [], run.cutOffMs));
};

const eraseMatches = async (deps: EraseStepDeps, run: ErasureRun): Promise<number> => {
  const { erasures, erasureStatements } = deps;
  let erased = 0;
  for (let after = NO_ID; ;) {
    const page = await erasures.matchesAfter(run.tenantId, after, MATCHES_AT_ONCE);
    const last = page.at(-1);
    if (last === undefined) return erased;
    after = last.id;
    const eventIds = [...new Set(page.flatMap(({ events }) => events))];
    const gone = new Set(await idsOf(deps, run, erasureStatements.erasedAmongStatement(run.tenantId, run, eventIds)));
    const theirs = page.filter(({ events }) => events.some((id) => gone.has(id))).map(({ id }) => id);
    if (theirs.length > 0) await erasures.forgetMatches(run.tenantId, theirs);
    erased += theirs.length;
  }
};

/** Jobs that were asked about the person by an id, or whose results tell one: all of a result goes, since its rows are numbered. */
const eraseJobs = async (deps: EraseStepDeps, run: ErasureRun): Promise<number> => {
  const { erasures, erasureStatements, longQueries } = deps;
  const texts = (run.identities ?? []).map((key) => JSON.stringify(identityOf(key).id));
  const [asking, telling] = await Promise.all([
    erasures.jobsAsking(run.tenantId, texts),
    idsOf(deps, run, erasureStatements.jobsTellingStatement(run.tenantId, texts, MAX_JOBS)),
  ]);
  const jobs = [...new Set([...asking, ...telling])];
  if (jobs.length === 0) return 0;
  await erasures.forgetJobs(run.tenantId, jobs);
  await longQueries.rewrite(run.tenantId, erasureStatements.jobResultsRewriting(jobs));
  return jobs.length;
};

const eraseLinks = async (deps: EraseStepDeps, run: ErasureRun): Promise<number | null> => {
  const users = (run.identities ?? [])
    .map(identityOf)
    .filter(({ kind }) => kind === "USER")
    .map(({ id }) => id);
  const forgotten = await deps.erasures.forgetLinks(run, users);
  await deps.copyLinks(run.tenantId);
  return forgotten;
};

const ONLY_OF_BEFORE: ReadonlySet<ErasureStep> = new Set([
  ...(["rollupRows", "traits", "linksInEventStore", "links"] as const),
]);

/** Does one step; answers how many things went, or null when ids came to the person that were not known when the pass began. */
export const eraseStep = async (deps: EraseStepDeps, run: ErasureRun, step: ErasureStep): Promise<number | null> => {
  if (ONLY_OF_BEFORE.has(step) && !(await isOfBefore(deps, run))) return 0;
  if (step === "correlationMatches") return eraseMatches(deps, run);
  if (step === "jobs") return eraseJobs(deps, run);
  if (step === "links") return eraseLinks(deps, run);
  if (step === "reportRuns") return deps.erasures.forgetReportRuns(run);
  const rewriting = deps.erasureStatements.erasureRewriting(step, personOf(run));
  if (rewriting === null) throw new Error(`Nothing says how ${step} are erased.`);
  return deps.longQueries.rewrite(run.tenantId, rewriting);
};
