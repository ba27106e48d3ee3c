import { describe, expect, it } from "@jest/globals";
import { retryAfterMs } from "./retry-after.ts";

describe("Retry-After", () => {
  it.each([
    ["120", 120_000],
    [" 0 ", 0],
    ["Sat, 21 Nov 2026 00:00:30 GMT", 30_000],
    ["Sat, 21 Nov 2026 00:01:00 GMT", 60_000],
    ["Fri, 20 Nov 2026 00:00:30 GMT", 0],
    ["Fri, 20 Nov 2026 23:00:00 GMT", 0],
    ["soon", null],
    ["-5", null],
    ["1.5", null],
    [undefined, null],
  ])("%p asks for %p ms", (field, expected) => {
    expect(retryAfterMs(field, Date.parse("2026-11-21T00:00:00Z"))).toBe(expected);
  });
});
