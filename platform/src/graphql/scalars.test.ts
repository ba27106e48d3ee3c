import { describe, expect, it } from "@jest/globals";
import { scalars } from "./scalars.ts";

const parse = (name: string, value: unknown): unknown => scalars[name]?.parseValue(value);

describe("scalars", () => {
  it.each(["UTC", "Europe/Berlin", "europe/berlin", "America/Argentina/Buenos_Aires"])(
    "takes the zone %s however often it is named",
    (zone) => {
      expect(parse("TimeZone", zone)).toBe(zone);
      expect(parse("TimeZone", zone)).toBe(zone);
    },
  );

  it.each(["2024-02-29T23:59:59Z", "2026-11-20t12:00:00.123456789+05:45"])("takes the moment %s", (moment) => {
    expect(parse("DateTime", moment)).toBe(moment);
  });

  it.each([
    "2024-02-30T00:00:00Z",
    "2023-02-29T10:00:00+01:00",
    "2024-04-31T00:00:00Z",
    "2024-02-20T24:00:00Z",
    "2024-02-20",
  ])("refuses %s, which no calendar and no clock shows, as a moment", (moment) => {
    expect(() => parse("DateTime", moment)).toThrow("such as 2026-11-20T12:00:00Z");
  });

  it("refuses a day that no calendar has", () => {
    expect(parse("Date", "2024-02-29")).toBe("2024-02-29");
    expect(() => parse("Date", "2023-02-29")).toThrow("such as 2026-11-20");
  });

  it.each(["Europe/Atlantis", "", "UTC ", "25:00", 7, null])(
    "refuses %p as a zone however often it is named",
    (zone) => {
      for (let time = 0; time < 2; time += 1) expect(() => parse("TimeZone", zone)).toThrow("TimeZone must be");
    },
  );
});
