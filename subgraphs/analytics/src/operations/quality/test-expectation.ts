import { wholeTenant } from "@tessera/platform/store/data-policy";
import { isoTime } from "../../domain/zone.ts";
import { parseEventQuality } from "../../domain/quality/event-quality.ts";
import { matcherOf, type KeptExpectation } from "../../domain/quality/kept-expectation.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import type { QualityStore } from "../../store/quality/quality-store.ts";
import { readQuality } from "./read-quality.ts";

/** What a test has counted, and what it has read for it. */
export interface TestedExpectation {
  readonly tested: number;
  readonly passed: number;
  readonly rowsRead: number;
  readonly bytesRead: number;
}

/** Personal fields were asked for when the expectation was kept, by who may see them; of what is tested nobody is told a value. */
const ACCESS = { personalData: true } as const;

/** Tests a kept expectation of all events of its tenant in a range, as `eventQuality` does; refuses too many. */
export const testExpectation =
  ({ quality }: { readonly quality: Pick<QualityStore, "size" | "quality"> }) =>
  async ({ tenantId, name, content }: KeptExpectation, { fromMs, toMs }: TimeRange): Promise<TestedExpectation> => {
    const question = parseEventQuality(
      {
        range: { from: isoTime(fromMs), to: isoTime(toMs) },
        event: matcherOf(content),
        expect: [{ ...content.expect, name }],
      },
      ACCESS,
    );
    const { expectations, costs } = await readQuality(quality, wholeTenant(tenantId), question);
    const { tested = 0, passed = 0 } = expectations[0] ?? {};
    const sum = (read: (cost: (typeof costs)[number]) => number): number =>
      costs.reduce((total, cost) => total + read(cost), 0);
    return { tested, passed, rowsRead: sum((cost) => cost.rowsRead), bytesRead: sum((cost) => cost.bytesRead) };
  };
