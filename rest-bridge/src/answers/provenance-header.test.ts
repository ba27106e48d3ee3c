import { describe, expect, it } from "@jest/globals";
import * as fc from "fast-check";
import { z } from "zod";
import { provenanceAnswer } from "../testing/provenance-answer.ts";
import { provenanceHeader } from "./provenance-header.ts";
import { toProvenance } from "./provenance.ts";

const headerOf = (provenance: typeof provenanceAnswer): string =>
  provenanceHeader(provenance)["tessera-provenance"] ?? "";
const definitions = fc.array(
  fc.record({
    kind: fc.constantFrom("METRIC" as const, "SEGMENT" as const),
    name: fc.string({ unit: "grapheme", maxLength: 40 }),
    version: fc.integer({ min: 1, max: 9 }),
  }),
  { maxLength: 120 },
);
const maskedColumns = fc.array(fc.string({ unit: "grapheme", maxLength: 40 }), { maxLength: 200 });

describe("the header that tells where a stream's rows come from", () => {
  it("says all that the body of another answer says, but for its longest parts where it would be too long, which it names", () => {
    fc.assert(
      fc.property(definitions, maskedColumns, (uses, columns) => {
        const provenance = { ...provenanceAnswer, definitions: uses, maskedColumns: columns };
        const header = headerOf(provenance);
        const { left_out: leftOut, ...told } = z
          .looseObject({ left_out: z.array(z.string()).default([]) })
          .parse(JSON.parse(header));
        const kept = Object.entries(toProvenance(provenance)).filter(([name]) => !leftOut.includes(name));
        expect(told).toEqual(Object.fromEntries(kept));
        expect(/^[ -~]{2,4096}$/.test(header)).toBe(true);
      }),
      { endOnFailure: true },
    );
    expect(headerOf(provenanceAnswer)).not.toContain("left_out");
  });
});
