import type { UsageMeasures } from "../usage.ts";
import type { BilledUsage } from "./invoice.ts";
import { amount, ZERO, type Amount } from "./money.ts";
import type { BilledMetric } from "./plan.ts";

const GIB = amount(1024 ** 3);

/** What of a tenant's usage is billed, by metric; storage is the mean of the month's samples. */
export const billedQuantities = (
  used: UsageMeasures,
  storageBytes: bigint | null,
): Readonly<Record<BilledMetric, Amount>> => ({
  EVENTS: amount(used.events),
  QUERIES: amount(used.queries),
  COST_POINTS: amount(used.costPoints),
  ROWS_READ: amount(used.rowsRead),
  BYTES_READ: amount(used.bytesRead),
  STORE_MS: amount(used.storeMs),
  RESPONSE_BYTES: amount(used.responseBytes),
  EXPORT_BYTES: amount(used.exportBytes),
  JOBS: amount(used.jobs),
  PREDICTIONS: amount(used.predictions),
  SUBSCRIPTION_MINUTES: amount(used.subscriptionMinutes),
  STORAGE_GIB: storageBytes === null ? ZERO : amount(storageBytes).dividedBy(GIB),
});

/** What is billed for a month. */
export const billedUsage = (users: number, used: UsageMeasures, storageBytes: bigint | null): BilledUsage => ({
  users,
  quantities: billedQuantities(used, storageBytes),
});
