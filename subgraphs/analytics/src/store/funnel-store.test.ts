import { describe, expect, test } from "@jest/globals";
import { parseTenantId } from "@tessera/contracts/ids";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import type { EventStore } from "@tessera/platform/store/event-store";
import type { NativeColumn } from "@tessera/platform/store/native-columns";
import { funnelMarks } from "../domain/funnel/funnel-marks.ts";
import { readRange } from "../domain/funnel/funnel.ts";
import { eventBits } from "../domain/funnel/packed-events.ts";
import { parseFunnel } from "../domain/funnel/parse-funnel.ts";
import { sampledUnits } from "../domain/funnel/unit-slice.ts";
import { createFunnelStore } from "./funnel-store.ts";

const TENANT = parseTenantId("3f0d4a51-7a1a-4f0a-9b1d-111111111111");
const RANGE = { from: "2026-03-01T00:00:00Z", to: "2026-03-31T00:00:00Z" };
const statistics = { rowsRead: 10, bytesRead: 100, elapsedMs: 1, queryId: "" };

/** A store whose events have a place in their batch that fits or not, and the names of the statements it was asked. */
const storeWith = (wide: number) => {
  const asked: string[] = [];
  const columns: EventStore["columns"] = (_reader, { name }) => {
    asked.push(name);
    const unit = { kind: "WORDS", words: Uint32Array.of(1, 0) } as const;
    const numbers = (value: number) => ({ kind: "NUMBERS", values: Uint8Array.of(value) }) as const;
    const events = { kind: "LISTS", ends: Uint32Array.of(1), words: Uint32Array.of(1, 7) } as const;
    const answer: readonly (readonly [string, NativeColumn])[] =
      name === "funnel-lists"
        ? [
            ["events", events],
            ["wide", numbers(wide)],
          ]
        : [
            ["unit", unit],
            ["at", numbers(7)],
            ["mark", numbers(1)],
          ];
    return Promise.resolve({ rows: 1, columns: new Map(answer), statistics });
  };
  const query: EventStore["query"] = () => Promise.reject(new Error("Nothing else is asked."));
  return { asked, store: createFunnelStore({ columns, query }) };
};

const unitsOf = async (wide: number) => {
  if (TENANT === null) throw new Error("It is a tenant id.");
  const steps = [{ anyOf: [{ events: ["a"] }] }, { anyOf: [{ events: ["b"] }] }];
  const funnel = parseFunnel({ range: RANGE, steps, window: "P7D" }, { personalData: true });
  const [marks, read] = [funnelMarks(funnel), readRange(funnel)];
  const place = {
    table: "events_by_person",
    candidates: [],
    marks,
    read,
    packed: eventBits(funnel, marks, read),
  } as const;
  const { asked, store } = storeWith(wide);
  return { asked, ...(await store.units(wholeTenant(TENANT), funnel, place, sampledUnits(funnel))) };
};

describe("the events of a slice", () => {
  test("are packed where nothing but moments and marks is asked about", async () => {
    const { asked, events, statistics: cost } = await unitsOf(0);
    expect(asked).toEqual(["funnel-lists"]);
    expect(events.kind).toBe("PACKED");
    expect(cost.rowsRead).toBe(10);
  });

  test("are read in columns where a place in a batch does not fit, and both readings are told", async () => {
    const { asked, events, statistics: cost } = await unitsOf(1);
    expect(asked).toEqual(["funnel-lists", "funnel-units"]);
    expect(events.kind).toBe("COLUMNS");
    expect(cost).toEqual({ rowsRead: 20, bytesRead: 200, elapsedMs: 2 });
  });
});
