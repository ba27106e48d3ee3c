import { describe, expect, it } from "@jest/globals";
import { Refusal } from "@tessera/platform/errors/refusal";
import { createInboundLimits, MAX_REFUSED, MAX_TO_ADDRESS } from "./inbound-limits.ts";

const open = () => {
  const clock = { ms: Date.parse("2026-01-01T00:00:00Z") };
  return { clock, limits: createInboundLimits(() => clock.ms) };
};
/** The code of what is refused, with whether it says how long to wait. */
const codeOf = (work: () => void): string => {
  try {
    work();
    return "ADMITTED";
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return `${error.code} ${Number(error.extras.retryAfterSeconds) > 0}`;
  }
};

describe("requests of providers", () => {
  it("are taken at an address as often as it may, and no other address pays for it; after a while it takes them again", () => {
    const { clock, limits } = open();
    for (let count = 0; count < MAX_TO_ADDRESS; count += 1) limits.admit("one", `client ${count}`);
    expect(codeOf(() => limits.admit("one", "another"))).toBe("RATE_LIMITED true");
    expect(codeOf(() => limits.admit("two", "another"))).toBe("ADMITTED");
    clock.ms += 120_000;
    expect(codeOf(() => limits.admit("one", "another"))).toBe("ADMITTED");
  });

  it("of a client that guesses are refused once it was wrong too often, wherever it guesses; others and good ones are not", () => {
    const { clock, limits } = open();
    for (let count = 0; count < MAX_REFUSED; count += 1) {
      limits.admit(`guess ${count}`, "guesser");
      limits.refused("guesser");
      limits.admit("one", "provider");
    }
    expect(codeOf(() => limits.admit("one", "guesser"))).toBe("RATE_LIMITED true");
    expect(codeOf(() => limits.admit("one", "provider"))).toBe("ADMITTED");
    clock.ms += 120_000;
    expect(codeOf(() => limits.admit("one", "guesser"))).toBe("ADMITTED");
  });
});
