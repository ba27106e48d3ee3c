import { randomUUID } from "node:crypto";
import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { createLongQueryStore } from "@tessera/platform/store/long-query-store";
import { callerWith } from "@tessera/platform/testing/ask-subgraph";
import { testEngines } from "@tessera/platform/testing/engines";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { asksPeople } from "../src/domain/filter.ts";
import { COHORT_KEPT } from "../src/domain/cohort.ts";
import { MAX_OPEN_ERASURES } from "../src/domain/people/erasure.ts";
import { DEFAULT_RULES, identityOf, userKey, visitorKey, type IdentityKey } from "../src/domain/people/identity.ts";
import { MAX_IDENTITIES, MAX_LINKS, unlinked } from "../src/domain/people/links.ts";
import { planOn } from "../src/domain/planner.ts";
import { eraseDuePeople } from "../src/jobs/erase-people.ts";
import { copyPeople } from "../src/operations/people/copy-people.ts";
import { numbered } from "../src/operations/people/number-people.ts";
import { createPeopleOperations } from "../src/operations/people/people-operations.ts";
import { behaviourStatements as statements } from "../src/store/behaviour-statements.ts";
import { createCohortStore } from "../src/store/cohort-store.ts";
import { erasureStatements } from "../src/store/people/erasure-sql.ts";
import { createErasureStore } from "../src/store/people/erasure-store.ts";
import { openPeople, type People } from "../src/store/people/open-people.ts";
import { peopleStatements } from "../src/store/people/people-statements-of-events.ts";
import type { PeopleStep } from "./reference-people.ts";
import type { TestEvent } from "./test-events.ts";
import { createDefinitionStore } from "../src/store/semantic/definition-store.ts";

/** Everything of people over the engines of this test run. */
export interface PeopleRoom extends People {
  readonly world: TestResources;
  /** By which erasures are due; those of other tests are not, as it stands far behind theirs. */
  readonly clock: { nowMs: number };
  readonly operations: ReturnType<typeof createPeopleOperations>;
  /** Does a step as its caller; links that are not by hand are those that events bring. */
  take(tenantId: TenantId, step: PeopleStep): Promise<void>;
  /** Goes on with erasures until none is due. */
  eraseAll(): Promise<void>;
  close(): Promise<void>;
}

/** A caller who may do everything with people. */
export const peopleManager = (tenantId: TenantId): Caller =>
  callerWith(tenantId, [
    "analytics:read",
    "analytics:personal-data",
    "analytics:ingest",
    "people:manage",
    "people:erase",
  ]);

/** Rounds after which what is due should have been done. */
const MAX_ROUNDS = 50;

/** Opens a {@link PeopleRoom}. */
export const openPeopleRoom = (startMs = Date.UTC(2018, 0, 1)): PeopleRoom => {
  const clock = { nowMs: startMs };
  const world = openTestResources();
  const { clickhouse } = testEngines();
  const password = clickhouse.passwords.tessera_jobs;
  const jobs = createLongQueryStore({ url: clickhouse.url, username: "tessera_jobs", password });
  const rules = { defaults: DEFAULT_RULES, unlinked, bounds: { links: MAX_LINKS, identities: MAX_IDENTITIES } };
  const known = openPeople({
    ...world.resources,
    longQueries: jobs,
    rules,
    asksPeople,
    fromEvents: (rejected, query) => planOn(null, rejected, query),
  });
  const cohorts = createCohortStore({ ...world.resources, kept: COHORT_KEPT });
  const definitions = createDefinitionStore({ ...world.resources, nowMs: () => clock.nowMs });
  const plainEvents = world.resources.eventStore;
  const erasures = createErasureStore({ ...world.resources, nowMs: () => clock.nowMs, most: MAX_OPEN_ERASURES });
  const operations = createPeopleOperations({
    ...world.resources,
    ...known,
    ...{ cohorts, definitions, erasures, plainEvents, peopleStatements, statements },
  });
  const eraseDue = eraseDuePeople({
    ...world.resources,
    ...known,
    ...{ erasures, erasureStatements, plainEvents, nowMs: () => clock.nowMs },
    numbered: (...of) => numbered({ ...known, peopleStatements }, ...of),
    copyLinks: copyPeople(known),
    forgetAnswers: () => undefined,
  });
  const take: PeopleRoom["take"] = async (tenantId, step) => {
    const caller = peopleManager(tenantId);
    const idOf = (key: IdentityKey): string => identityOf(key).id;
    if (step.kind === "LINK") {
      const ids = { userId: idOf(step.user), anonymousId: idOf(step.visitor) };
      await (step.byHand ? operations.identify(caller, ids) : operations.linkSeen(tenantId, [ids]));
    } else if (step.kind === "MERGE")
      await operations.mergePeople(caller, {
        ...{ fromUserId: idOf(step.from), intoUserId: idOf(step.into), reason: "one person" },
      });
    else {
      const id = idOf(step.key);
      const named = identityOf(step.key).kind === "USER" ? { userId: id } : { anonymousId: id };
      await operations.unmergePeople(caller, { ...named, reason: "not one person" });
    }
  };
  return {
    ...known,
    ...{ world, operations, take, clock },
    eraseAll: async () => {
      for (let rounds = 0; rounds < MAX_ROUNDS; rounds += 1) if ((await eraseDue()) === 0) return;
      throw new Error("There is always something due.");
    },
    close: async () => {
      await jobs.close();
      await world.close();
    },
  };
};

const anyUser = fc.constantFrom("u1", "u2", "u3", "u4", "guest").map(userKey);
const anyVisitor = fc.constantFrom("a1", "u1", "a2").map(visitorKey);

/** Random steps among the ids of `peopleAround`, and some that no event has. */
export const anySteps: fc.Arbitrary<readonly PeopleStep[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("LINK" as const), visitor: anyVisitor, user: anyUser, byHand: fc.boolean() }),
    fc.record({ kind: fc.constant("MERGE" as const), from: anyUser, into: anyUser }),
    fc.record({ kind: fc.constant("SEPARATE" as const), key: fc.oneof(anyUser, anyVisitor) }),
  ),
  { minLength: 1, maxLength: 14 },
);

/** Events as they would have been sent by clients who knew who is who: each with the id its person goes by. */
export const rewritten = (
  events: readonly TestEvent[],
  rootOf: (key: IdentityKey) => IdentityKey,
): readonly TestEvent[] =>
  events.map((event) => {
    const { userId, anonymousId, ...rest } = event;
    const id = randomUUID();
    if (userId === undefined && anonymousId === undefined) return { ...rest, id };
    const root = identityOf(rootOf(userId === undefined ? visitorKey(anonymousId ?? "") : userKey(userId)));
    return root.kind === "USER" ? { ...rest, id, userId: root.id } : { ...rest, id, anonymousId: root.id };
  });
