import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { TenantId } from "@tessera/contracts/ids";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { z } from "zod";
import { countHere } from "../../testing/count-here.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import { COHORT_KEPT } from "../domain/cohort.ts";
import type { Provenance } from "../domain/provenance.ts";
import { createAttributionStore } from "../store/attribution-store.ts";
import { behaviourStatements } from "../store/behaviour-statements.ts";
import { createCohortStore } from "../store/cohort-store.ts";
import { createFunnelStore } from "../store/funnel-store.ts";
import { createPathsStore } from "../store/paths-store.ts";
import { resolvedEventStore } from "../store/people/resolved-stores.ts";
import { createSessionsStore } from "../store/sessions-store.ts";
import { queryActiveUsers, queryLifecycle, queryStickiness } from "./query-activity.ts";
import { queryAttribution } from "./query-attribution.ts";
import { queryFunnel } from "./query-funnel.ts";
import { queryPaths } from "./query-paths.ts";
import { queryRetention } from "./query-retention.ts";
import { querySessionMetrics } from "./query-sessions.ts";

jest.setTimeout(180_000);
const BASE_MS = Date.parse("2026-03-02T00:00:00Z");
const HOUR_MS = 3_600_000;
const DAYS = 8;
const RANGE = { from: "2026-03-02T00:00:00Z", to: "2026-03-10T00:00:00Z" };

let world: TestResources;
beforeAll(() => {
  world = openTestResources();
});
afterAll(() => world.close());

/** Some users' events, many of them at the same hours. */
const anyEvents = fc.array(
  fc.record({
    id: fc.uuid(),
    name: fc.constantFrom("visit", "search", "buy"),
    timeMs: fc.integer({ min: 0, max: DAYS * 24 - 1 }).map((hour) => BASE_MS + hour * HOUR_MS),
    userId: fc.integer({ min: 1, max: 40 }).map((user) => `user ${user}`),
    source: fc.constantFrom("web", "ios"),
    utmSource: fc.constantFrom("mail", "ads", "news"),
  }),
  { minLength: 250, maxLength: 350 },
);

const personRow = z.object({ user_id: z.string(), person: z.string() });
/** Users whose persons' hashes lie in the first part of all. */
const usersOf = async (tenantId: TenantId, fraction: number): Promise<readonly string[]> => {
  const text = "SELECT DISTINCT user_id, toString(person) AS person FROM events WHERE tenant_id = {tenant: String}";
  const statement = { name: "persons", text, params: { tenant: tenantId } };
  const { rows } = await world.resources.eventStore.query(wholeTenant(tenantId), statement, (raw) =>
    personRow.parse(raw),
  );
  const outside = BigInt(Math.round(fraction * 65_536)) << 48n;
  return rows.filter(({ person }) => BigInt(person) < outside).map(({ user_id }) => user_id);
};

/** What of the persons is asked about: by name of those of a sample, or by the sample. */
interface Of {
  readonly filter?: { readonly field: "userId"; readonly in: readonly string[] };
  readonly sample?: number;
  readonly fast?: boolean;
}

/** Whom persons count as is looked up: nobody is linked, and everybody may be. */
const LINKED = { of: () => Promise.resolve({ version: 1, links: 1 }) } as const;

const openDeps = (linked: boolean) => {
  const { eventStore: plain } = world.resources;
  const eventStore = linked ? resolvedEventStore(plain, LINKED) : plain;
  return {
    ...{ eventStore, statements: behaviourStatements, nowMs: () => Date.parse("2026-04-01T00:00:00Z") },
    ...{ cohorts: createCohortStore({ ...world.resources, kept: COHORT_KEPT }), counting: countHere },
    ...{ funnels: createFunnelStore(eventStore), paths: createPathsStore(eventStore) },
    ...{ attribution: createAttributionStore(eventStore), sessions: createSessionsStore(eventStore) },
  };
};
type Deps = ReturnType<typeof openDeps>;

const event = (name: string, { filter }: Of) => ({ events: [name], ...(filter === undefined ? {} : { filter }) });
const part = ({ sample, fast }: Of) => ({
  ...(sample === undefined ? {} : { sample }),
  ...(fast === true ? { fast } : {}),
});

const touches = {
  models: [{ kind: "LINEAR" }, { kind: "LAST" }, { kind: "MARKOV" }],
  dimensions: ["utmSource"],
} as const;
const credits = (deps: Deps, identity: "PERSON" | "STITCHED") => async (caller: Caller, of: Of) => {
  const answer = await queryAttribution(deps)(caller, {
    ...{ range: RANGE, conversion: event("buy", of), touchpoints: [event("visit", of), event("search", of)] },
    ...{ ...touches, models: [...touches.models], dimensions: [...touches.dimensions], identity, ...part(of) },
  });
  const [breakdown] = answer.breakdowns;
  const models = breakdown?.models ?? [];
  return {
    provenance: answer.provenance,
    counts: [answer.conversions, answer.attributedConversions, answer.nonConvertingJourneys],
    amounts: models.flatMap(({ credits: all, conservation }) => [
      ...all.toSorted((a, b) => (a.label < b.label ? -1 : 1)).map(({ conversions }) => conversions),
      ...[conservation.creditedConversions, conservation.actualConversions],
    ]),
    rates: models.flatMap(({ chain }) => chain?.conversionProbability ?? []),
  };
};

const journeys = (deps: Deps) => ({
  "a funnel": async (caller: Caller, of: Of) => {
    const steps = ["visit", "buy"].map((name) => ({ anyOf: [event(name, of)] }));
    const { result, provenance } = await queryFunnel(deps)(caller, {
      range: RANGE,
      steps,
      window: "P2D",
      ...part(of),
    });
    return {
      provenance,
      counts: result.steps.map(({ reached }) => reached),
      rates: [result.conversion],
      amounts: [],
    };
  },
  paths: async (caller: Caller, of: Of) => {
    const input = { range: RANGE, steps: ["visit", "search", "buy"].map((name) => event(name, of)), ...part(of) };
    const { paths, nodes, provenance } = await queryPaths(deps)(caller, input);
    const told = nodes.map((node) => node.paths);
    return { provenance, counts: [paths, ...told], rates: nodes.map(({ share }) => share), amounts: [] };
  },
  retention: async (caller: Caller, of: Of) => {
    const input = { range: RANGE, start: event("visit", of), returning: event("buy", of), periods: 4, ...part(of) };
    const { total, groups, provenance } = await queryRetention(deps)(caller, { ...input, splitBy: ["source"] });
    const cells = [total, ...groups.flatMap(({ rows }) => rows.map((row) => row.cells))];
    const counts = cells.flatMap(({ size, eligible, returned }) => [size, ...eligible, ...returned]);
    return { provenance, counts, rates: cells.flatMap(({ rate, low }) => [...rate, ...low]), amounts: [] };
  },
});

const activity = (deps: Deps) => ({
  stickiness: async (caller: Caller, of: Of) => {
    const input = { range: RANGE, event: event("visit", of), ...part(of) };
    const { units, total, mean, provenance } = await queryStickiness(deps)(caller, input);
    return { provenance, counts: [...units, total], rates: [mean], amounts: [] };
  },
  "the lifecycle": async (caller: Caller, of: Of) => {
    const input = { range: RANGE, event: event("visit", of), period: "DAY", ...part(of) } as const;
    const { fresh, returning, resurrecting, dormant, provenance } = await queryLifecycle(deps)(caller, input);
    const counts = [...fresh, ...returning, ...resurrecting, ...dormant.map((count) => count ?? 0)];
    return { provenance, counts, rates: [], amounts: [] };
  },
  "active users": async (caller: Caller, of: Of) => {
    const input = { range: RANGE, event: event("visit", of), ...part(of) };
    const { daily, weekly, monthly, ratio, provenance } = await queryActiveUsers(deps)(caller, input);
    return { provenance, counts: [...daily, ...weekly, ...monthly], rates: ratio, amounts: [] };
  },
});

const sessions =
  (deps: Deps) =>
  async (caller: Caller, { filter, ...of }: Of) => {
    const input = {
      range: RANGE,
      conversion: { events: ["buy"] },
      definition: { gap: "PT2H" },
      breakdown: ["source"],
    };
    const asked = { ...input, ...part(of), ...(filter === undefined ? {} : { filter }) };
    const { total, groups, provenance } = await querySessionMetrics(deps)(caller, asked);
    const all = [
      total,
      ...groups.toSorted((a, b) => String(a.values).localeCompare(String(b.values))).map(({ measures }) => measures),
    ];
    const counts = all.flatMap(({ sessions, people, events, bounced, converted }) => [
      sessions,
      people,
      events,
      bounced,
      converted ?? 0,
    ]);
    return {
      provenance,
      counts,
      rates: all.flatMap(({ bounceRate, meanDurationSeconds }) => [bounceRate, meanDurationSeconds]),
      amounts: [],
    };
  };

const openQuestions = (linked: boolean) => {
  const deps = openDeps(linked);
  return {
    ...{ ...journeys(deps), ...activity(deps), sessions: sessions(deps) },
    "attribution to persons": credits(deps, "PERSON"),
    "attribution to stitched visitors": credits(deps, "STITCHED"),
  };
};

interface Told {
  readonly provenance: Provenance;
  readonly counts: readonly number[];
  readonly rates: readonly (number | null)[];
  readonly amounts: readonly number[];
}
const QUESTIONS = [
  ...["a funnel", "paths", "retention", "stickiness", "the lifecycle", "active users"],
  ...["sessions", "attribution to persons", "attribution to stitched visitors"],
];
/** The question of a name, which is one of {@link QUESTIONS}. */
const asking = (name: string, linked = false): ((caller: Caller, of: Of) => Promise<Told>) => {
  const all = new Map<string, (caller: Caller, of: Of) => Promise<Told>>(Object.entries(openQuestions(linked)));
  const ask = all.get(name);
  if (ask === undefined) throw new Error(`${name} is a question.`);
  return ask;
};

/** Hides what came by other ways than the web. */
const HIDING: DataPolicy = {
  ...{ allow: { source: ["web"] }, deny: {}, atLeast: {}, lessThan: {}, masks: {} },
  ...{ synthetic: null, salt: "0123456789abcdef0123456789abcdef" },
};

describe("a question that is asked of a part of the persons", () => {
  test("is answered from those of them whose hash lies below it, all numbers scaled up and no rate", async () => {
    await fc.assert(
      fc.asyncProperty(anyEvents, fc.constantFrom(0.3, 0.5, 0.75), async (events: readonly TestEvent[], sample) => {
        const tenantId = freshTenantId();
        await storeEvents(world.writer, tenantId, events);
        const caller = callerWith(tenantId, ["analytics:read", "analytics:personal-data"]);
        const users = await usersOf(tenantId, sample);
        const fraction = Math.round(sample * 65_536) / 65_536;
        for (const name of QUESTIONS) {
          const ask = asking(name);
          const drawn = await ask(caller, { sample });
          const exact = await ask(caller, { filter: { field: "userId", in: [...users, "nobody"] } });
          expect({ name, counts: drawn.counts }).toEqual({
            name,
            counts: exact.counts.map((count) => Math.round(count / fraction)),
          });
          expect(drawn.rates).toEqual(exact.rates);
          expect(drawn.amounts.map((one) => one.toFixed(6))).toEqual(
            exact.amounts.map((one) => (one / fraction).toFixed(6)),
          );
          expect(drawn.provenance).toMatchObject({ exactness: "APPROXIMATE", sampling: { reason: "ASKED", fraction } });
          expect(exact.provenance.sampling).toBeNull();
        }
      }),
      { numRuns: 4, endOnFailure: true },
    );
  });

  test.each<[string, boolean, DataPolicy | null]>([
    ["everybody", false, null],
    ["a tenant whose people may be linked", true, null],
    ["readers from whom rows are hidden", false, HIDING],
  ])(
    "is answered exactly where `fast` finds that all persons can be read as fast, to %s",
    async (_who, linked, dataPolicy) => {
      const tenantId = freshTenantId();
      const [events = []] = fc.sample(anyEvents, { seed: 7, numRuns: 1 });
      await storeEvents(world.writer, tenantId, events);
      const caller = { ...callerWith(tenantId, ["analytics:read"]), dataPolicy };
      for (const name of QUESTIONS) {
        const ask = asking(name, linked);
        const [fast, exact] = [await ask(caller, { fast: true }), await ask(caller, {})];
        expect({ name, ...fast, provenance: fast.provenance.sampling }).toEqual({ name, ...exact, provenance: null });
        const part = await ask(caller, { sample: 0.5 });
        expect(part.provenance.sampling?.sampledPersons ?? 0).toBeGreaterThan(0);
      }
    },
  );
});
