import type { TenantCapacity } from "@tessera/contracts/events/tenant-scaled";
import { refuse } from "@tessera/platform/errors/refusal";
import type { Tier } from "@tessera/contracts/features";

const GIB = 1024 ** 3;

/** What capacity costs a month, in EUR, beyond what the tier includes. */
export const CAPACITY_PRICES = { concurrentQuery: 20, memoryGib: 15, workerWeight: 50 } as const;
/** Bounds of capacity one tenant may have; more of it is another installation's work. */
export const MAX_CAPACITY: TenantCapacity = { concurrentQueries: 512, queryMemoryBytes: 16 * GIB, workerWeight: 100 };
/** Rise of the monthly cost, in EUR, up to which the largest tier's requests need no second person. */
export const UNATTENDED_RISE = 100;

/** Where a request to scale stands. */
export type ScaleState = "PENDING" | "APPLIED" | "REJECTED" | "WITHDRAWN";

/** What a change of capacity is predicted to do. */
export interface ScalePrediction {
  /** Change of the monthly cost, in EUR; negative when it falls. */
  readonly monthlyCostChange: number;
  /** Mean number of queries that ran at once in the busiest hour of the last seven days. */
  readonly peakLoad: number;
  /** Share of queries that have to wait for a free slot in such an hour; 1 when the load is more than all slots. */
  readonly waitShareBefore: number;
  readonly waitShareAfter: number;
  /** How many turns the tenant's jobs get for each they got before. */
  readonly jobTurns: number;
}

/**
 * Share of arrivals that have to wait with so many servers and so much load (Erlang C, for Poisson arrivals and exponential times; A. K. Erlang, 1917).
 * Computed by the recursion of Erlang B, which does not overflow.
 */
export const erlangC = (servers: number, load: number): number => {
  if (load <= 0) return 0;
  if (load >= servers) return 1;
  let blocked = 1;
  for (let server = 1; server <= servers; server += 1) blocked = (load * blocked) / (server + load * blocked);
  return (servers * blocked) / (servers - load * (1 - blocked));
};

const monthlyCost = ({ concurrentQueries, queryMemoryBytes, workerWeight }: TenantCapacity): number =>
  concurrentQueries * CAPACITY_PRICES.concurrentQuery +
  (queryMemoryBytes / GIB) * CAPACITY_PRICES.memoryGib +
  workerWeight * CAPACITY_PRICES.workerWeight;

/** Predicts cost and effect of a change of capacity, given the load of the busiest hour. */
export const predictScale = (before: TenantCapacity, after: TenantCapacity, peakLoad: number): ScalePrediction => ({
  monthlyCostChange: Math.round((monthlyCost(after) - monthlyCost(before)) * 100) / 100,
  peakLoad,
  waitShareBefore: erlangC(before.concurrentQueries, peakLoad),
  waitShareAfter: erlangC(after.concurrentQueries, peakLoad),
  jobTurns: after.workerWeight / before.workerWeight,
});

/** What a request needs before it is applied: nothing, a second person of the tenant, or an operator. */
export type ScaleApproval = "NONE" | "SECOND_PERSON" | "OPERATOR";

/** The policy: what costs no more is applied at once; the largest tier decides small rises alone; the smallest has to ask an operator. */
export const approvalFor = (tier: Tier, prediction: ScalePrediction): ScaleApproval => {
  if (prediction.monthlyCostChange <= 0) return "NONE";
  if (tier === "FREE") return "OPERATOR";
  return tier === "ENTERPRISE" && prediction.monthlyCostChange <= UNATTENDED_RISE ? "NONE" : "SECOND_PERSON";
};

const within = (value: number, most: number, field: string): number => {
  if (!Number.isSafeInteger(value) || value < 1 || value > most)
    throw refuse("BAD_INPUT", `\`${field}\` must be a whole number from 1 to ${most}.`, { field: `input.${field}` });
  return value;
};

/** The capacity asked for: what is not named stays. Refuses with BAD_INPUT what is out of bounds, or changes nothing. */
export const askedCapacity = (
  before: TenantCapacity,
  asked: {
    readonly concurrentQueries?: number | null | undefined;
    readonly queryMemoryBytes?: string | number | null | undefined;
    readonly workerWeight?: number | null | undefined;
  },
): TenantCapacity => {
  const after = {
    concurrentQueries: within(
      asked.concurrentQueries ?? before.concurrentQueries,
      MAX_CAPACITY.concurrentQueries,
      "concurrentQueries",
    ),
    queryMemoryBytes: within(
      Number(asked.queryMemoryBytes ?? before.queryMemoryBytes),
      MAX_CAPACITY.queryMemoryBytes,
      "queryMemoryBytes",
    ),
    workerWeight: within(asked.workerWeight ?? before.workerWeight, MAX_CAPACITY.workerWeight, "workerWeight"),
  };
  const same =
    after.concurrentQueries === before.concurrentQueries &&
    after.queryMemoryBytes === before.queryMemoryBytes &&
    after.workerWeight === before.workerWeight;
  if (same) throw refuse("BAD_INPUT", "The request changes nothing.", { field: "input" });
  return after;
};
