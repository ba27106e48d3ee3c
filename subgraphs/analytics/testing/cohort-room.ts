import { randomUUID } from "node:crypto";
import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { createLongQueryStore, type LongQueryStore } from "@tessera/platform/store/long-query-store";
import { callerWith } from "@tessera/platform/testing/ask-subgraph";
import { testEngines } from "@tessera/platform/testing/engines";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import type { Cohort } from "../src/domain/cohort.ts";
import type { CohortDefinitionInput } from "../src/domain/cohort-input.ts";
import { OF_PEOPLE, type CohortOf } from "../src/domain/cohort-unit.ts";
import { computeDueCohorts } from "../src/jobs/compute-cohorts.ts";
import { createCohortOperations } from "../src/operations/cohort-operations.ts";
import { closedDefinition } from "../src/operations/cohort-people.ts";
import { COHORT_KEPT } from "../src/domain/cohort.ts";
import { behaviourStatements } from "../src/store/behaviour-statements.ts";
import { cohortRunOf } from "../src/store/cohort-rows.ts";
import { createCohortStore, type CohortStore } from "../src/store/cohort-store.ts";
import type { TestEvent } from "./test-events.ts";
import { createDefinitionUserStore } from "../src/store/semantic/definition-users.ts";
import { createDefinitionStore } from "../src/store/semantic/definition-store.ts";

/** Rounds after which what is due should have been computed. */
const MAX_ROUNDS = 50;
/** Looks for a computation that another test has taken, and milliseconds between them. */
const MAX_LOOKS = 200;
const LOOK_MS = 100;

/** An event of a signed-in user. */
export const eventOf = (userId: string, name: string, timeMs: number, rest: Partial<TestEvent> = {}): TestEvent => ({
  id: randomUUID(),
  name,
  timeMs,
  userId,
  ...rest,
});

/** A caller who may do everything with cohorts. */
export const managerOf = (tenantId: TenantId): Caller =>
  callerWith(tenantId, ["analytics:read", "analytics:personal-data", "cohorts:manage"]);

/** Everything of cohorts over the engines of this test run, by a clock of its own: what is due is due by it. */
export interface CohortRoom {
  readonly world: TestResources;
  readonly clock: { nowMs: number };
  readonly cohorts: CohortStore;
  readonly operations: ReturnType<typeof createCohortOperations>;
  /** Computes until nothing is due. */
  computeAll(): Promise<void>;
  created(caller: Caller, name: string, definition: CohortDefinitionInput, of?: CohortOf): Promise<Cohort>;
  /** Computes one cohort, and no other test's; when a test whose clock is ahead has taken its run, after that one. */
  computed(cohort: Cohort): Promise<void>;
  /** The cohort as it is kept now. */
  now(caller: Caller, cohort: Cohort): Promise<Cohort>;
  close(): Promise<void>;
}

/** Begins a run of one cohort, which is due never again: of a later moment than all before. */
const CLAIM_ONE = `UPDATE cohort c SET state = 'RUNNING', run = c.run + 1, lease_until = $2::timestamptz + interval '100 years', due_at = NULL, running_since = $2,
  running_as_of = greatest($2, c.as_of + interval '1 millisecond', c.running_as_of + interval '1 millisecond')
  WHERE c.id = $1 AND c.state <> 'RUNNING'
  RETURNING c.*, (SELECT v.definition FROM cohort_version v WHERE v.cohort_id = c.id AND v.version = c.version) AS definition`;

const openJobs = (): LongQueryStore => {
  const { clickhouse } = testEngines();
  const password = clickhouse.passwords.tessera_jobs;
  return createLongQueryStore({ url: clickhouse.url, username: "tessera_jobs", password });
};

/** Opens a {@link CohortRoom} whose clock stands at a moment; far behind that of other tests, none computes cohorts of another. */
export const openCohortRoom = (startMs: number): CohortRoom => {
  const [world, longQueries, clock] = [openTestResources(), openJobs(), { nowMs: startMs }];
  const nowMs = (): number => clock.nowMs;
  const cohorts = createCohortStore({ ...world.resources, nowMs, kept: COHORT_KEPT });
  const common = {
    ...world.resources,
    statements: behaviourStatements,
    cohorts,
    definitions: createDefinitionStore({ ...world.resources, nowMs }),
    users: createDefinitionUserStore(world.resources),
    longQueries,
    nowMs,
    newId: () => randomUUID(),
  };
  const operations = createCohortOperations(common);
  const computing = { ...common, closedDefinition: (cohort: Cohort) => closedDefinition(cohorts, cohort) };
  const compute = computeDueCohorts(computing);
  const computeAll = async (): Promise<void> => {
    for (let rounds = 0; rounds < MAX_ROUNDS; rounds += 1) if ((await compute()) === 0) return;
    throw new Error("There is always something due.");
  };
  const now: CohortRoom["now"] = async (caller, cohort) => {
    const [found] = await operations.findCohorts(caller, [cohort.id]);
    if (found === null || found === undefined) throw new Error("The cohort is gone.");
    return found;
  };
  return {
    ...{ world, clock, cohorts, operations, computeAll, now },
    computed: async (cohort) => {
      for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
        const { rows } = await world.owner.query(CLAIM_ONE, [cohort.id, new Date(clock.nowMs)]);
        const runs = rows.map(cohortRunOf(clock.nowMs));
        const [run] = runs;
        if (run !== undefined) {
          const claimDueAcrossTenants = () => Promise.resolve(runs);
          await computeDueCohorts({ ...computing, cohorts: { ...cohorts, claimDueAcrossTenants } })();
          clock.nowMs = Math.max(clock.nowMs, run.asOfMs) + 1;
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
      throw new Error("The cohort is never idle.");
    },
    created: async (caller, name, definition, of = OF_PEOPLE) => {
      const outcome = await operations.createCohort(caller, { name, definition, ...of, recomputeEvery: "P1D" });
      if (outcome.kind !== "SAVED") throw new Error(`The cohort was not kept: ${outcome.kind}.`);
      return outcome.cohort;
    },
    close: async () => {
      await longQueries.close();
      await world.close();
    },
  };
};
