import { wholeTenant } from "./data-policy.ts";
import { describe, expect, it } from "@jest/globals";
import { createEventStore } from "./event-store.ts";
import { createLongQueryStore } from "./long-query-store.ts";
import { FORBIDDEN_TABLE_FUNCTIONS, guardStatement } from "./statement-guard.ts";
import { freshTenantId } from "../testing/ask-subgraph.ts";

const check = (text: string) => () => guardStatement({ name: "asked", text });
const concrete = FORBIDDEN_TABLE_FUNCTIONS.map((name) => name.replace("\\w*", ""));

describe("the statement guard", () => {
  it.each(concrete)("refuses %s however it is written", (name) => {
    for (const call of [
      `${name}('x')`,
      `${name.toUpperCase()} (1)`,
      `${name}\n\t(1)`,
      `\`${name}\`(1)`,
      `"${name}" (1)`,
      `${name}/* ( */(1)`,
      `${name} -- why\n(1)`,
    ])
      expect(check(`SELECT * FROM ${call}`)).toThrow("which the rooms' statements may not");
  });

  it.each(["mergeTreeIndex", "mergeTreeProjection", "mergeTreeAnalyzeIndexes", "icebergS3", "deltaLakeCluster"])(
    "refuses %s",
    (name) => expect(check(`SELECT * FROM ${name}(tessera, events)`)).toThrow("which the rooms' statements may not"),
  );

  it.each([
    "SELECT url, file FROM events WHERE url IN ('a')",
    "SELECT countMerge(n), uniqCombined64Merge(users) FROM rollup_hour_name GROUP BY name",
    "SELECT domain(url) FROM events WHERE startsWith(url, {p: String})",
    "SELECT JSONExtractString(properties, 'input') FROM events",
    "SELECT profile(1), my_url(2)",
  ])("lets pass %s", (text) => expect(check(text)).not.toThrow());

  it("stands before both clients of the event store: nothing is sent", async () => {
    // Nobody listens there: had anything been sent, the refusal would be of another kind.
    const access = { url: "http://127.0.0.1:1", username: "tessera_reader", password: "" };
    const statement = { name: "reach", text: "SELECT * FROM mergeTreeIndex(tessera, events)", params: {} };
    const [reader, jobs] = [createEventStore(access), createLongQueryStore(access)];
    try {
      await expect(reader.query(wholeTenant(freshTenantId()), statement, (row) => row)).rejects.toThrow(
        "calls mergeTreeIndex",
      );
      const signal = new AbortController().signal;
      const stream = jobs.stream(wholeTenant(freshTenantId()), statement, (row) => row, {
        signal,
        maxSeconds: 1,
        onProgress: () => undefined,
      });
      await expect(stream[Symbol.asyncIterator]().next()).rejects.toThrow("calls mergeTreeIndex");
    } finally {
      await Promise.all([reader.close(), jobs.close()]);
    }
  });
});
