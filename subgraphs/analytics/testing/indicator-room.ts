import { createHash, randomBytes, randomUUID } from "node:crypto";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { INDICATOR_LIMITS, oldestPeriod } from "../src/domain/shared-indicators/indicator.ts";
import { queryVelocity } from "../src/operations/fraud/query-fraud.ts";
import { createIndicatorKeys } from "../src/operations/shared-indicators/indicator-keys.ts";
import {
  createIndicatorOperations,
  createReadBands,
  keptIndicators,
} from "../src/operations/shared-indicators/indicator-operations.ts";
import { plainForm } from "../src/operations/shared-indicators/plain-form.ts";
import { createFraudStore } from "../src/store/fraud/fraud-store.ts";
import { createIndicatorStore } from "../src/store/shared-indicators/indicator-store.ts";
import { TEST_KEY_RING } from "./test-key-ring.ts";

/** Later than every clock of this machine, so that nothing that forgets what is old comes by. */
export const INDICATOR_START_MS = Date.parse("2031-03-05T10:00:00Z");
/** What tenants of these tests join with. */
export const INDICATOR_FIELDS = [
  { field: "properties.card", kind: "CARD" },
  { field: "properties.ip", kind: "IP" },
] as const;

/** A card number that nobody else's test has: 15 digits and their check digit. */
export const newCard = (): string => {
  const digits = `4${Array.from(randomBytes(14), (byte) => byte % 10).join("")}`;
  return (
    Array.from({ length: 10 }, (_, last) => `${digits}${last}`).find((text) => plainForm("CARD", text) !== null) ?? ""
  );
};
/** The same number as people and programs write it. */
export const WRITTEN: readonly ((card: string) => string)[] = [
  (card) => card,
  (card) => card.replace(/(\d{4})(?=\d)/g, "$1 "),
  (card) => createHash("sha256").update(card).digest("hex"),
];

/** Somebody who may ask and share. */
export const sharerOf = (tenantId: TenantId) => callerWith(tenantId, ["analytics:read", "indicators:share"]);

/** Makes tenants and organisations as the tenant room has them. */
const tenantsOf = (world: TestResources) => {
  const addTenant = async (organisationId: string | null = null, state = "ACTIVE"): Promise<TenantId> => {
    const tenantId = freshTenantId();
    const text = "INSERT INTO tenant (id, name, slug, state, organisation_id) VALUES ($1, 'Somebody', $2, $3, $4)";
    await world.owner.query(text, [tenantId, `t-${tenantId}`, state, organisationId]);
    return tenantId;
  };
  const addOrganisation = async (): Promise<string> => {
    const id = randomUUID();
    await world.owner.query("INSERT INTO organisation (id, name) VALUES ($1, 'Somebody')", [id]);
    return id;
  };
  return { addTenant, addOrganisation };
};

/** Opens tenants that share indicators over the engines of this test run, at a clock of the test's own. */
export const openIndicatorRoom = () => {
  const world = openTestResources();
  const clock = { nowMs: INDICATOR_START_MS };
  const open = (keyRing = TEST_KEY_RING) => {
    const indicators = createIndicatorStore(world.resources);
    const fraud = createFraudStore(world.resources.eventStore);
    const indicatorKeys = createIndicatorKeys({ keyRing, indicators, randomBytes });
    const deps = { indicators, indicatorKeys, fraud, features: everyFeature, nowMs: () => clock.nowMs };
    const readBands = createReadBands(deps);
    return {
      ...deps,
      readBands,
      operations: createIndicatorOperations(deps),
      velocity: queryVelocity({ ...deps, readBands }),
    };
  };

  const { addTenant, addOrganisation } = tenantsOf(world);
  const join = (tenantId: TenantId) =>
    open().operations.joinSharedIndicators(sharerOf(tenantId), { fields: INDICATOR_FIELDS });
  /** Contributes a card as a report does, without looking for it in events. */
  const contribute = async (tenantId: TenantId, card: string) => {
    const { indicators, indicatorKeys } = open();
    const kept = await keptIndicators({ indicatorKeys }, "CARD", [plainForm("CARD", card) ?? ""], clock.nowMs);
    return indicators.contribute(tenantId, {
      ...{ source: "REPORT", indicators: kept, atMs: clock.nowMs },
      ...{ oldest: oldestPeriod(clock.nowMs), most: INDICATOR_LIMITS.contributions },
    });
  };
  const ask = async (tenantId: TenantId, cards: readonly string[]) => {
    const bands = await open().readBands(sharerOf(tenantId), {
      field: "properties.card",
      where: "input",
      values: cards,
    });
    return cards.map((card) => bands.get(card) ?? null);
  };
  const reportedBy = async (tenants: readonly TenantId[], card: string): Promise<void> => {
    for (const tenantId of tenants) {
      await join(tenantId);
      await contribute(tenantId, card);
    }
  };
  return {
    world,
    clock,
    open,
    addTenant,
    addOrganisation,
    join,
    contribute,
    ask,
    reportedBy,
    close: () => world.close(),
  };
};

/** See {@link openIndicatorRoom}. */
export type IndicatorRoom = ReturnType<typeof openIndicatorRoom>;
