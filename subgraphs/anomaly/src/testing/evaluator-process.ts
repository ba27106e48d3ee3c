// An evaluator in a process of its own, over the engines of the test run: it stands still where it is told to, so that it can be killed or stopped there.
import { PLAIN_ACCESS } from "@tessera/contracts/caller";
import { parseRuleId, parseTenantId } from "@tessera/contracts/ids";
import type { EventLog } from "@tessera/platform/events/event-log";
import { openTestResources } from "@tessera/platform/testing/test-resources";
import { evaluateDueRules } from "../operations/evaluate-due-rules.ts";
import { lookAtLiveRules } from "../operations/look-at-live-rules.ts";
import { evaluatingOver } from "./evaluating.ts";
import { claimsOf } from "./claims-of.ts";
import { answerOf, evaluatorOrder, type EvaluatorNews } from "./evaluator-orders.ts";

const clock = { ms: 0 };
const engines = openTestResources({ nowMs: () => clock.ms });
let holdAt: string | null = null;
let go = (): void => undefined;
const tell = (news: EvaluatorNews): void => void process.send?.(news);
/** Says where it is, and stands there until it may go on, if this is where it is to. */
const pass = async (place: string): Promise<void> => {
  if (holdAt !== place) return;
  const going = new Promise<void>((resolve) => (go = resolve));
  tell({ at: place });
  await going;
};

const { eventLog } = engines.resources;
const standing: EventLog = {
  ...eventLog,
  appendAllWith: async (transaction, entries) => {
    await eventLog.appendAllWith(transaction, entries);
    await pass("WRITING");
  },
};
const deps = evaluatingOver(
  engines,
  {
    askAnalytics: {
      watchedSeries: async (_caller, question) => {
        await pass("ASKED");
        return answerOf(question, clock.ms);
      },
      impactOf: () => Promise.reject(new Error("Nothing is asked for an impact here.")),
    },
    accessOfSubject: (tenantId, subject) =>
      Promise.resolve({
        ...{ ...PLAIN_ACCESS, tenantId, subject, permissions: new Set(["analytics:read"] as const), expiresAtMs: null },
      }),
  },
  standing,
);
const looker = lookAtLiveRules(deps);

process.on("message", (raw) => {
  const order = evaluatorOrder.parse(raw);
  if (order.kind === "GO") return go();
  ({ holdAt } = order);
  clock.ms = order.clockMs;
  const [tenantId, ruleId] = [parseTenantId(order.tenantId), parseRuleId(order.ruleId)];
  if (tenantId === null || ruleId === null) throw new Error("A rule and its tenant are named by UUIDs.");
  const work = async (): Promise<void> => {
    if (order.kind === "LOOK") {
      const { claims } = await looker.claim([tenantId], 1);
      for (const claim of claims) await looker.look(claim);
    } else {
      const claimDueAcrossTenants = claimsOf(engines.owner, () => [tenantId], ruleId);
      await evaluateDueRules({ ...deps, evaluations: { ...deps.evaluations, claimDueAcrossTenants } })();
    }
    await pass("SETTLED");
    tell({ at: "DONE" });
  };
  void work();
});
process.on("disconnect", () => void engines.close().then(() => process.exit(0)));
tell({ at: "READY" });
