import { describe, expect, it } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseBatchId, parseTenantId } from "@tessera/contracts/ids";
import { decodeIntent, encodeIntent, openIntentJournal, type Intent } from "./intent-journal.ts";
import { decideReplay, type Evidence, type Replay } from "./replay.ts";

const evidence = (parts: Partial<Evidence>): Evidence => ({
  rows: 10,
  events: 0,
  eventIds: 0,
  foreignIds: 0,
  laterBatches: 0,
  ...parts,
});

describe("what is done with a batch that a crash left over", () => {
  const cases: readonly (readonly [string, Partial<Evidence>, Replay])[] = [
    ["nothing of it is stored", {}, "STORE"],
    ["nothing of it is stored, long ago", { laterBatches: 9_000 }, "STORE"],
    ["the base table holds it, a view does not", { events: 10, eventIds: 4 }, "STORE"],
    ["all of it is stored, a moment ago", { events: 10, eventIds: 10 }, "STORE"],
    [
      "all of it is stored, so long ago that its token is forgotten",
      { events: 10, eventIds: 10, laterBatches: 501 },
      "TELL",
    ],
    [
      "part of it is stored, so long ago that its token is forgotten",
      { events: 10, eventIds: 4, laterBatches: 501 },
      "PUT_ASIDE",
    ],
    ["its senders brought the events again meanwhile", { foreignIds: 1 }, "DROP"],
    ["it is stored in part and its senders brought the rest again", { events: 4, foreignIds: 1 }, "PUT_ASIDE"],
  ];
  it.each(cases)("%s", (_title, parts, decision) => expect(decideReplay(evidence(parts))).toBe(decision));
});

const intent = (): Intent => {
  const [batchId, tenantId] = [parseBatchId(randomUUID()), parseTenantId(randomUUID())];
  if (batchId === null || tenantId === null) throw new Error("not UUIDs");
  const receivedAtMs = 1_700_000_000_000;
  return {
    batchId,
    receivedAtMs,
    rows: 2,
    notices: [{ tenantId, batchId, rows: 2, minTimeMs: 1, maxTimeMs: 2, receivedAtMs }],
    block: Buffer.from("two rows"),
  };
};

describe("the intent journal", () => {
  it("an intent reads back as it was written, and no truncated or altered file is taken for one", () => {
    const written = intent();
    const bytes = Buffer.concat([...encodeIntent(written)]);
    expect(decodeIntent(bytes)).toEqual(written);
    for (let length = 0; length < bytes.length; length += 1) expect(decodeIntent(bytes.subarray(0, length))).toBeNull();
    const altered = Buffer.from(bytes);
    altered[bytes.length - 1] = 0;
    expect(decodeIntent(altered)).toBeNull();
  });

  it("leftovers are the intents that were neither removed nor still being written", async () => {
    const directory = await mkdtemp(join(tmpdir(), "tessera-intents-"));
    try {
      const journal = await openIntentJournal(directory);
      const [kept, removed] = [intent(), intent()];
      await journal.write(kept);
      await journal.write(removed);
      await journal.remove(removed.batchId);
      await writeFile(join(directory, `${randomUUID()}.intent.part`), "cut off");
      expect(await journal.leftovers()).toEqual([kept.batchId]);
      expect(await journal.read(kept.batchId)).toEqual(kept);
      await journal.quarantine(kept.batchId);
      expect(await journal.leftovers()).toEqual([]);
      expect(await readdir(directory)).toEqual([`${kept.batchId}.intent.quarantine`]);
      const identity = await journal.identity(randomUUID);
      expect(await (await openIntentJournal(directory)).identity(randomUUID)).toBe(identity);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
