import { expect, test } from "@jest/globals";
import { DAY_MS } from "../duration.ts";
import { indicatorPeriod, oldestPeriod, reachesBand, releasedBefore } from "./indicator.ts";

test("what is new shows at one moment of a day, one to two days later, and lives two to three periods", () => {
  const day = Date.parse("2027-03-10T00:00:00Z");
  for (const since of [0, 1, DAY_MS / 2, DAY_MS - 1]) expect(releasedBefore(day + since)).toBe(day - DAY_MS);
  expect(indicatorPeriod(28 * DAY_MS)).toBe(1);
  expect(oldestPeriod(28 * DAY_MS * 7)).toBe(5);
  expect(oldestPeriod(28 * DAY_MS * 8 - 1)).toBe(5);
});

test("bands are in order", () => {
  expect((["FEW", "SOME", "MANY"] as const).map((band) => reachesBand(band, "SOME"))).toEqual([false, true, true]);
});
