import { describe, expect, test } from "@jest/globals";
import { parseTenantId } from "@tessera/contracts/ids";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import type { EventStore } from "@tessera/platform/store/event-store";
import { countHere } from "../../testing/count-here.ts";
import { nativeBytes } from "../../testing/native-bytes.ts";
import { createFunnelStore } from "../store/funnel-store.ts";
import { queryFunnel } from "./query-funnel.ts";

const RANGE = { from: "2026-03-01T00:00:00Z", to: "2026-03-31T00:00:00Z" };
const statistics = { rowsRead: 10, bytesRead: 100, elapsedMs: 1, queryId: "" };

const callerOf = (): Caller => {
  const tenantId = parseTenantId("3f0d4a51-7a1a-4f0a-9b1d-111111111111");
  if (tenantId === null) throw new Error("It is a tenant id.");
  return {
    ...{ tenantId, subject: { kind: "API_KEY", id: "test" }, permissions: new Set(), expiresAtMs: null },
    ...PLAIN_ACCESS,
  };
};

/** A store with one unit of one event, whose place in its batch fits into its number or not, and the names of the statements it was asked. */
const storeWith = (wide: number) => {
  const asked: string[] = [];
  const native: EventStore["native"] = (_reader, { name }) => {
    asked.push(name);
    const lists = [
      { name: "events", type: "Array(UInt64)", values: [[1n]] },
      { name: "wide", type: "UInt8", values: [wide] },
    ] as const;
    const columns = [
      { name: "unit", type: "UInt64", values: [1] },
      { name: "at", type: "UInt32", values: [7] },
      { name: "mark", type: "UInt8", values: [1] },
    ] as const;
    return Promise.resolve({ bytes: nativeBytes(name === "funnel-lists" ? lists : columns), statistics });
  };
  const query: EventStore["query"] = (_reader, { name }, parse) => {
    asked.push(name);
    return Promise.resolve({ rows: [parse({ events: 1 })], statistics });
  };
  return { asked, funnels: createFunnelStore({ native, query }) };
};

const ask = async (wide: number) => {
  const { asked, funnels } = storeWith(wide);
  const steps = [{ anyOf: [{ events: ["a"] }] }, { anyOf: [{ events: ["b"] }] }];
  const funnel = queryFunnel({ funnels, counting: countHere, nowMs: () => Date.parse(RANGE.to) });
  const { result, provenance } = await funnel(callerOf(), { range: RANGE, steps, window: "P7D" });
  return { asked, entered: result.entered, rowsRead: provenance.rowsRead };
};

describe("the events of a slice", () => {
  test("are read as lists of numbers where nothing but moments and marks is asked about", async () => {
    expect(await ask(0)).toEqual({ asked: ["funnel-bound", "funnel-lists"], entered: 1, rowsRead: 20 });
  });

  test("are read in columns where a place in a batch does not fit, and both readings are told", async () => {
    expect(await ask(1)).toEqual({ asked: ["funnel-bound", "funnel-lists", "funnel-units"], entered: 1, rowsRead: 30 });
  });
});
