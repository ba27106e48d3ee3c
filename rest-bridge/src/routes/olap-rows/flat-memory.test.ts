import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it, jest } from "@jest/globals";
import { z } from "zod";
import type { RestOlapRowsQuery } from "../../generated/graphql.ts";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { provenanceAnswer } from "../../testing/provenance-answer.ts";

/** Milliseconds a stream of a hundred megabytes may take on a busy machine. */
jest.setTimeout(120_000);

setFlagsFromString("--expose_gc");
/** Collects all that nobody holds; of a context of its own, so that nothing is left in this one. */
const collect = z.custom<() => void>((it) => typeof it === "function").parse(runInNewContext("gc"));

/** Pages of the answer and characters of each, all of them of their own. */
const [PAGES, CHARACTERS] = [160, 1_000_000];
const STREAMED = PAGES * CHARACTERS;
const question = {
  range: { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" },
  ...{ measures: [{ function: "count" }], dimensions: ["url"] },
};
const bridge = bridgeOfTests();

/** Bytes that the process holds once all that nobody holds is gone: objects, texts and buffers. */
const held = (): number => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

/** Answers pages of which each is made when it is asked for. */
const pagesAsAsked = (): void =>
  bridge.graph.decide(({ variables }) => {
    const { after } = z.object({ after: z.string().nullable() }).parse(variables);
    const page = after === null ? 1 : Number(after.slice(2)) + 1;
    const url = Buffer.alloc(CHARACTERS, `/${page}`).toString("latin1");
    const data: RestOlapRowsQuery = {
      olapPage: {
        columns: [
          { name: "url", role: "DIMENSION", texts: [url] },
          { name: "count", role: "MEASURE", integers: [page] },
        ],
        ...{ rowCount: 1, hasNextPage: page < PAGES, endCursor: `a.${page}`, provenance: provenanceAnswer },
      },
    };
    // What was asked is told to tests, which would hold the pages as well.
    bridge.graph.calls.length = 0;
    return { data, rateLimit: {} };
  });

describe("a stream of rows", () => {
  it.each(["ndjson", "arrow"])("as %s is held no longer than it takes to tell, however long it is", async (format) => {
    pagesAsAsked();
    const answer = await bridge.ask(`/api/v2/analytics/query/${format}`, {
      ...{ method: "POST", body: JSON.stringify(question) },
      headers: { "content-type": "application/json" },
    });
    let [bytes, early, late] = [0, 0, 0];
    for await (const piece of answer.body ?? []) {
      bytes += z.instanceof(Uint8Array).parse(piece).length;
      if (early === 0 && bytes > STREAMED * 0.25) early = held();
      if (late === 0 && bytes > STREAMED * 0.95) late = held();
    }
    expect(bytes).toBeGreaterThan(STREAMED);
    // Seven tenths of the stream lie between the two: were they kept in any form, they would be here. What is under way is some pages.
    expect(late - early).toBeLessThan(STREAMED / 3);
  });
});
