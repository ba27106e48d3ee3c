import { describe, expect, test } from "@jest/globals";
import { refuse } from "@tessera/platform/errors/refusal";
import { askedEffort, EASY_EVENTS, JOB_EVENTS, jobEffort, refuseBeyond, type SlicesRead } from "./effort.ts";

const COST = { rowsRead: 10, bytesRead: 100, elapsedMs: 1 };
const ABOUT = { what: "The funnel would look at", narrower: "take a shorter range", fast: true, sample: 1 };

/** After how many of its slices a question is refused, each of which takes so many milliseconds; null: it is answered. */
const refusedAfter = (events: number, slices: number, sliceMs: number): number | null => {
  let now = 0;
  const pace = askedEffort(() => now).begin(events, slices, ABOUT);
  for (let done = 1; done <= slices; done += 1) {
    now += sliceMs;
    try {
      pace.read(COST);
    } catch (error) {
      expect(error).toMatchObject({
        code: "QUERY_TOO_COSTLY",
        message: expect.stringContaining("ask `fast`, or start it as a job by `startQuery`, or take a shorter range"),
        extras: { field: "input.range", events, seconds: 8, fast: true, job: "startQuery" },
      });
      return done;
    }
  }
  return null;
};

describe("a question that somebody waits for", () => {
  test.each<[string, number, number, number, number | null]>([
    ["as many slices as fit into eight seconds", 40_000_000, 100, 79, null],
    ["a last slice that ends late", 40_000_000, 2, 5_000, null],
    ["slices that will surely take longer, as soon as that is seen", 90_000_000, 1_000, 100, 15],
    ["slices that turn out to take longer, when the time is up", 40_000_000, 100, 100, 81],
    ["few events, however long they take", EASY_EVENTS, 20, 5_000, null],
  ])("about %s is answered or refused accordingly", (_what, events, slices, sliceMs, after) => {
    expect(refusedAfter(events, slices, sliceMs)).toBe(after);
  });

  test("about many events is refused in the same way when the time ends in the middle of a slice, and about few as its query is", async () => {
    const late = refuse("QUERY_TIMEOUT", "The query ran longer than its time limit.");
    const asked = (events: number): Promise<unknown> => {
      const effort = askedEffort(() => 0);
      effort.begin(events, 10, ABOUT);
      return effort.ask(() => Promise.reject(late));
    };
    await expect(asked(EASY_EVENTS + 1)).rejects.toMatchObject({
      code: "QUERY_TOO_COSTLY",
      extras: { job: "startQuery" },
    });
    await expect(asked(EASY_EVENTS)).rejects.toBe(late);
    await expect(askedEffort(() => 0).ask(() => Promise.reject(new Error("Broken.")))).rejects.toThrow("Broken.");
  });

  test("about more than can ever be read in its time is refused with the sample that would fit", () => {
    const refused = () => refuseBeyond(askedEffort(Date.now), 400_000_000, { ...ABOUT, fast: false });
    expect(refused).toThrow(
      "The funnel would look at 400,000,000 events, more than 100,000,000: take a shorter range, or take a `sample` of 0.25.",
    );
  });
});

describe("a job", () => {
  test("is never refused for its time, and tells after each slice how many of all are done and what was read", () => {
    const told: SlicesRead[] = [];
    const effort = jobEffort((read) => told.push(read), new AbortController().signal);
    refuseBeyond(effort, JOB_EVENTS, ABOUT);
    const pace = effort.begin(JOB_EVENTS, 2, ABOUT);
    pace.read(COST);
    pace.read(COST);
    expect(told).toEqual([
      { slices: 1, of: 2, rowsRead: 10, bytesRead: 100 },
      { slices: 2, of: 2, rowsRead: 20, bytesRead: 200 },
    ]);
  });

  test("asks again while the store has no room for it, and fails with whatever else is wrong", async () => {
    const effort = jobEffort(() => undefined, new AbortController().signal);
    let asked = 0;
    const busy = () => {
      asked += 1;
      return asked < 3 ? Promise.reject(refuse("OVERLOADED", "Busy.")) : Promise.resolve("read");
    };
    await expect(effort.ask(busy)).resolves.toBe("read");
    expect(asked).toBe(3);
    await expect(effort.ask(() => Promise.reject(new Error("Broken.")))).rejects.toThrow("Broken.");
  });
});
