import { describe, expect, it } from "@jest/globals";
import { isTimeUp } from "../operations/operation-timeout.ts";
import { createInFlight } from "./in-flight.ts";

const untilEnded = (signal: AbortSignal): Promise<AbortSignal> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(signal), { once: true }));
const stays = (): void => undefined;

describe("requests under way", () => {
  it("are ended when their time is up, each in its turn, and told from those whose client left", async () => {
    const inFlight = createInFlight(40);
    inFlight.open();
    const first = inFlight.run(untilEnded, stays);
    await new Promise((wake) => setTimeout(wake, 20));
    const second = inFlight.run(untilEnded, stays);
    const gone = inFlight.run(untilEnded, (leave) => setTimeout(leave, 1));
    expect(isTimeUp(await gone)).toBe(false);
    expect(isTimeUp(await first)).toBe(true);
    expect(isTimeUp(await second)).toBe(true);
    const later = inFlight.run(untilEnded, stays);
    expect(isTimeUp(await later)).toBe(true);
  });

  it("that end in time are left alone", async () => {
    const inFlight = createInFlight(10);
    inFlight.open();
    const signal = await inFlight.run((own) => Promise.resolve(own), stays);
    await new Promise((wake) => setTimeout(wake, 30));
    expect(signal.aborted).toBe(false);
  });
});
