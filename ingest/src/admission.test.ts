import { describe, expect, it } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { parseTenantId } from "@tessera/contracts/ids";
import { createAdmission } from "./admission.ts";

const tenant = () => {
  const tenantId = parseTenantId(randomUUID());
  if (tenantId === null) throw new Error("not a UUID");
  return tenantId;
};

describe("admission", () => {
  it("one tenant takes at most half, all together at most the whole, and room that was given back is room again", () => {
    const admission = createAdmission({ events: 100, bytes: 100 });
    const [a, b, c] = [tenant(), tenant(), tenant()];
    const giveBack = admission.takeEvents(a, 50);
    expect(() => admission.takeEvents(a, 1)).toThrow(
      expect.objectContaining({ code: "RATE_LIMITED", extras: { retryAfterSeconds: 1 } }),
    );
    admission.takeEvents(b, 50);
    expect(() => admission.takeEvents(c, 1)).toThrow(
      expect.objectContaining({ code: "OVERLOADED", extras: { retryAfterSeconds: 1 } }),
    );
    giveBack();
    giveBack();
    expect(admission.events).toBe(50);
    admission.takeEvents(c, 50);
    expect(() => admission.takeBytes(a, 51)).toThrow(expect.objectContaining({ code: "RATE_LIMITED" }));
  });
});
