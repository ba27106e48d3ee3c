import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import type { AnomalyId, RuleId, TenantId } from "@tessera/contracts/ids";

/** Alerts a preview shows at most. */
export const MAX_SAMPLES = 50;

/** What a preview and a test tell of: alerts that never were, of a rule that isn't. */
export const sampleAlerts = (
  of: { readonly tenantId: TenantId; readonly ruleId: RuleId; readonly newAnomalyId: () => AnomalyId },
  count: number,
  nowMs: number,
): readonly AlertChanged[] =>
  Array.from({ length: count }, (_none, place): AlertChanged => {
    const anomalyId = of.newAnomalyId();
    const country = ["DE", "FR", "ES"][place % 3] ?? "DE";
    return {
      ...{ tenantId: of.tenantId, transitionId: anomalyId, ruleId: of.ruleId, ruleName: "Sample rule", anomalyId },
      ...{ fingerprint: `sample-${place}`, group: [{ name: "country", value: country }] },
      labels: { rule: "Sample rule", severity: "WARNING", country },
      ...{ from: "PENDING", to: "FIRING", reason: "BREACHED_LONG_ENOUGH", severity: "WARNING", notify: true },
      ...{ silence: null, escalationStep: null, atMs: nowMs, sinceMs: nowMs - 600_000 },
      ...{ value: 42, expected: 100, low: 80, high: 120 },
      because: "This is a test: the value 42 lies below the usual 80 to 120.",
      shown: { number: "orders each hour", unit: "", times: 1, timeZone: "UTC", about: "A rule that there is not." },
    };
  });
