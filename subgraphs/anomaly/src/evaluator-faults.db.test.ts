import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { parseRuleId, type RuleId, type TenantId } from "@tessera/contracts/ids";
import { LEASE_MS } from "@tessera/platform/runtime/held-leases";
import { z } from "zod";
import { LOOK_PAUSE_MS } from "./operations/look-live.ts";
import { claimsOf } from "./testing/claims-of.ts";
import { answerOf, evaluatorNews, HOUR_MS, START_MS, type EvaluatorOrder } from "./testing/evaluator-orders.ts";
import { openQuestionWorld, type QuestionWorld } from "./testing/question-world.ts";

// Engines and processors are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

let is: QuestionWorld;
beforeAll(() => {
  is = openQuestionWorld();
});
afterAll(async () => {
  await is.reset();
  await is.room.close();
});

/** An evaluator in a process of its own. */
interface Evaluator {
  readonly child: ChildProcess;
  order(order: EvaluatorOrder): void;
  /** Resolves once it says that it is there. */
  at(place: string): Promise<void>;
}
const startEvaluator = async (): Promise<Evaluator> => {
  const child = fork(fileURLToPath(new URL("./testing/evaluator-process.ts", import.meta.url)), [], {
    execArgv: ["--import", "tsx"],
  });
  const said: string[] = [];
  child.on("message", (raw) => said.push(evaluatorNews.parse(raw).at));
  const at = async (place: string): Promise<void> => {
    while (!said.includes(place)) await once(child, "message");
    said.splice(0);
  };
  await at("READY");
  return { child, at, order: (order) => void child.send(order) };
};
const killed = async ({ child }: Evaluator): Promise<void> => {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
};

interface Watched {
  readonly tenantId: TenantId;
  readonly ruleId: RuleId;
}
const makeWatched = async (live: boolean): Promise<Watched> => {
  const tenant = is.openTenant();
  is.room.clock.ms = START_MS;
  const alerting = { fire: { k: 1, n: 2 }, clear: { k: 1, n: 1 } };
  const ruleId = parseRuleId(await is.makeRule(tenant, { live, alerting, evaluationIntervalSeconds: 3_600 }));
  if (ruleId === null) throw new Error("A rule's id is a UUID.");
  return { tenantId: tenant.tenantId, ruleId };
};

const askAnalytics = {
  watchedSeries: (_caller: unknown, question: Parameters<typeof answerOf>[0]) =>
    Promise.resolve(answerOf(question, is.room.clock.ms)),
  impactOf: () => Promise.reject(new Error("Nothing is asked for an impact here.")),
};
/** Evaluates a rule here, at a time; says how many rules were due. */
const evaluateHere = (watched: Watched, clockMs: number): Promise<number> => {
  is.room.clock.ms = clockMs;
  const claimDueAcrossTenants = claimsOf(is.room.engines.owner, () => [watched.tenantId], watched.ruleId);
  return is.room.worker({ askAnalytics, evaluations: { ...is.room.evaluations, claimDueAcrossTenants } })();
};

const stepRows = z.array(
  z.object({
    id: z.string(),
    group: z.unknown(),
    from: z.string(),
    to: z.string(),
    reason: z.string(),
    at: z.date(),
    notify: z.boolean(),
  }),
);
/** The steps of all series of a rule, in their order. */
const stepsOf = async ({ tenantId, ruleId }: Watched) => {
  const text = `SELECT t.id, s.series_group AS "group", from_state AS "from", to_state AS "to", reason, at, notify FROM anomaly_transition t
    JOIN anomaly_series s USING (tenant_id, rule_id, fingerprint) WHERE tenant_id = $1 AND rule_id = $2 ORDER BY at, s.series_group::text, t.id`;
  return stepRows.parse((await is.room.engines.owner.query(text, [tenantId, ruleId])).rows);
};
const wayOf = async (watched: Watched) => (await stepsOf(watched)).map(({ id: _id, ...step }) => step);

/** Each step is told once, and each episode is one anomaly. */
const expectToldOnce = async (watched: Watched): Promise<void> => {
  const { owner } = is.room.engines;
  const keysOf = async (topic: string): Promise<readonly string[]> => {
    const text = "SELECT dedupe_key AS key FROM event_log WHERE tenant_id = $1 AND topic = $2";
    return z
      .array(z.object({ key: z.string() }))
      .parse((await owner.query(text, [watched.tenantId, topic])).rows)
      .map(({ key }) => key);
  };
  const steps = await stepsOf(watched);
  expect([...(await keysOf("alert.changed"))].toSorted()).toEqual(steps.map(({ id }) => id).toSorted());
  const anomalies = z
    .array(z.object({ id: z.string() }))
    .parse((await owner.query("SELECT id FROM anomaly WHERE tenant_id = $1", [watched.tenantId])).rows);
  expect([...(await keysOf("anomaly.raised"))].toSorted()).toEqual(anomalies.map(({ id }) => id).toSorted());
  expect(steps.filter(({ to, reason }) => to === "FIRING" && reason === "BREACHED_LONG_ENOUGH")).toHaveLength(
    anomalies.length,
  );
};

const HOURS = 8;
/** A moment of an hour of the story: half past, so that the hour before has ended. */
const during = (hour: number): number => START_MS + hour * HOUR_MS + HOUR_MS / 2;

describe("evaluators that die or stand still in the middle of turns", () => {
  test("lose no step, take none twice and tell of none twice: the rule is where one is whose evaluator lived", async () => {
    const [plain, struck] = [await makeWatched(false), await makeWatched(false)];
    const blows: Readonly<Record<number, "ASKED" | "WRITING" | "SETTLED">> = { 2: "ASKED", 4: "WRITING", 6: "SETTLED" };
    for (let hour = 1; hour <= HOURS; hour += 1) {
      await evaluateHere(plain, during(hour));
      const holdAt = blows[hour];
      if (holdAt === undefined) {
        expect(await evaluateHere(struck, during(hour))).toBe(1);
        continue;
      }
      const before = await stepsOf(struck);
      const evaluator = await startEvaluator();
      evaluator.order({ kind: "EVALUATE", ...struck, clockMs: during(hour), holdAt });
      await evaluator.at(holdAt);
      await killed(evaluator);
      if (holdAt === "SETTLED") expect((await stepsOf(struck)).length).toBeGreaterThan(before.length);
      else expect(await stepsOf(struck)).toEqual(before);
      // Nobody takes it over before its lease ends, unless it was settled.
      expect(await evaluateHere(struck, during(hour) + LEASE_MS - 1)).toBe(0);
      if (holdAt === "SETTLED") expect(await evaluateHere(struck, during(hour) + LEASE_MS)).toBe(0);
      // The database may need a moment to see that who wrote is dead, and keeps the rule until then.
      else while ((await evaluateHere(struck, during(hour) + LEASE_MS)) === 0);
    }
    expect(await wayOf(struck)).toEqual(await wayOf(plain));
    expect((await stepsOf(struck)).length).toBeGreaterThan(6);
    await expectToldOnce(struck);
  });

  test("are fenced: one that was stopped beyond its lease settles nothing when it goes on, in a turn and in a look", async () => {
    const [plain, struck] = [await makeWatched(true), await makeWatched(true)];
    for (const watched of [plain, struck]) await evaluateHere(watched, during(1));
    const evaluator = await startEvaluator();
    const { child } = evaluator;
    for (const [hour, kind] of [
      [2, "EVALUATE"],
      [3, "LOOK"],
    ] as const) {
      await evaluateHere(plain, during(hour));
      // A look is for a bucket that has not ended: those before are judged.
      if (kind === "LOOK") await evaluateHere(struck, during(hour));
      evaluator.order({ kind, ...struck, clockMs: during(hour) + LOOK_PAUSE_MS, holdAt: "ASKED" });
      await evaluator.at("ASKED");
      child.kill("SIGSTOP");
      try {
        evaluator.order({ kind: "GO" });
        const later = during(hour) + LOOK_PAUSE_MS + LEASE_MS;
        if (kind === "EVALUATE") expect(await evaluateHere(struck, later)).toBe(1);
        else {
          is.room.clock.ms = later;
          const looker = is.room.looker();
          const [taken] = (await looker.claim([struck.tenantId], 1)).claims;
          if (taken === undefined) throw new Error("The rule is free once the lease has ended.");
        }
      } finally {
        child.kill("SIGCONT");
      }
      const before = await stepsOf(struck);
      await evaluator.at("DONE");
      expect(await stepsOf(struck)).toEqual(before);
    }
    // Where it stands still within the transaction that settles, the database ends that: nothing of it is kept, and the rule is free.
    await evaluateHere(plain, during(4));
    evaluator.order({ kind: "EVALUATE", ...struck, clockMs: during(4), holdAt: "WRITING" });
    await evaluator.at("WRITING");
    child.kill("SIGSTOP");
    try {
      evaluator.order({ kind: "GO" });
      while ((await evaluateHere(struck, during(4) + LEASE_MS)) === 0)
        await new Promise((done) => setTimeout(done, 250));
    } finally {
      child.kill("SIGCONT");
    }
    const before = await stepsOf(struck);
    await evaluator.at("DONE");
    expect(await stepsOf(struck)).toEqual(before);
    await killed(evaluator);
    const later = during(5) + 2 * LEASE_MS;
    for (const watched of [plain, struck]) await evaluateHere(watched, later);
    expect(await wayOf(struck)).toEqual(await wayOf(plain));
    await expectToldOnce(struck);
  });
});
