import { randomBytes, randomUUID } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { parseEventId } from "@tessera/contracts/ids";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { createLogger } from "@tessera/platform/telemetry/logger";
import type { StoreWriter } from "../store/store-writer.ts";
import { createIdFilter } from "./id-filter.ts";
import { createKnownIds } from "./known-ids.ts";

const CHUNKS = 600;
const IDS_A_CHUNK = 1_000;
const UUID_BYTES = 16;

/** A store that has many ids at hand at once, so that reading them never waits. */
const storeOf = (tenantId: string): StoreWriter => {
  const head = Buffer.concat([Buffer.from([tenantId.length]), Buffer.from(tenantId, "latin1")]);
  const chunk = Buffer.concat(Array.from({ length: IDS_A_CHUNK }, () => [head, randomBytes(UUID_BYTES)]).flat());
  const chunks = {
    async *[Symbol.asyncIterator]() {
      for (let at = 0; at < CHUNKS; at += 1) yield chunk;
    },
  };
  const refused = () => Promise.reject(new Error("Only the scan is asked for."));
  return {
    ...{ insert: refused, insertRange: refused, storedRows: refused, batchesSince: refused, ping: refused },
    ...{ knownIds: () => Promise.resolve(new Map()), close: () => Promise.resolve() },
    scanIds: () => Promise.resolve(chunks),
  };
};

describe("ids that a store holds", () => {
  test("are read while everything else goes on", async () => {
    const tenantId = freshTenantId();
    const known = createKnownIds({
      store: storeOf(tenantId),
      logger: createLogger("test", "silent"),
      filter: createIdFilter(1_000_000),
    });
    known.rebuild(0);
    let turns = 0;
    while (!known.complete) {
      turns += 1;
      await new Promise((next) => setImmediate(next));
    }
    // Read without a rest they would all be known by the first turn.
    expect(turns).toBeGreaterThan(2);
    const other = parseEventId(randomUUID());
    expect(other === null ? null : await known.find(tenantId, [other])).toEqual(new Set());
    known.stop();
  });
});
