import { setTimeout as pause } from "node:timers/promises";
import type { TestResources } from "./test-resources.ts";

/** Milliseconds between two looks. */
const LOOK_EVERY_MS = 20;

/**
 * Waits until all that the event log has been told can be read: an entry is read once every transaction that began before it was written has ended, those of other
 * tests on the same server too.
 */
export const untilReadable = async (owner: TestResources["owner"]): Promise<void> => {
  const [written] = (
    await owner.query<{ before: string }>("SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS before")
  ).rows;
  const text = "SELECT pg_snapshot_xmin(pg_current_snapshot()) >= $1::xid8 AS readable";
  for (let readable = false; !readable;) {
    const { rows } = await owner.query<{ readable: boolean }>(text, [written?.before]);
    readable = rows[0]?.readable === true;
    if (!readable) await pause(LOOK_EVERY_MS);
  }
};
