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

  it.each(["Europe/Atlantis", "", "UTC ", "25:00", 7, null])(
    "refuses %p as a zone however often it is named",
    (zone) => {
      for (let time = 0; time < 2; time += 1) expect(() => parse("TimeZone", zone)).toThrow("TimeZone must be");
    },
  );
});
