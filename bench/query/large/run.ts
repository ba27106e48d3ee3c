// What counting a funnel of four steps takes and holds, however many events there are: slices of generated units go through the count that threads run,
// without a store. `node --import tsx bench/query/large/run.ts`. Prints the table of README.md.
import { createFunnelCount, funnelTask } from "../../../subgraphs/analytics/src/domain/funnel/count-funnel.ts";
import { funnelMarks } from "../../../subgraphs/analytics/src/domain/funnel/funnel-marks.ts";
import { readRange } from "../../../subgraphs/analytics/src/domain/funnel/funnel.ts";
import { eventBits, type EventBits } from "../../../subgraphs/analytics/src/domain/funnel/packed-events.ts";
import { parseFunnel } from "../../../subgraphs/analytics/src/domain/funnel/parse-funnel.ts";
import { machine } from "../one-tenant.ts";

/** Events of a slice, as the operation asks for them, and of each unit. */
const [SLICE_EVENTS, UNIT_EVENTS] = [400_000, 14];
/** Slices after which it is looked: 2.8, 11, 28, 100 and 400 million events. */
const LOOKS = [7, 28, 70, 250, 1_000];
const SPREAD_MS = 80 * 86_400_000;
const STEPS = ["sign_in", "search", "add_to_cart", "purchase"];
const MIB = 1_048_576;

const range = { from: "2026-01-01T00:00:00Z", to: "2026-03-31T00:00:00Z" };
const steps = STEPS.map((name) => ({ anyOf: [{ events: [name] }] }));
const funnel = parseFunnel({ range, steps, window: "P7D" }, { personalData: false });
const marks = funnelMarks(funnel);
const bits = eventBits(funnel, marks, readRange(funnel));
if (bits === null) throw new Error("So few conditions fit.");

/** Units whose events are spread over the range, each of a step by chance. */
const sliceOf = (as: EventBits) => {
  let seed = 1;
  const random = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
  const units = Math.floor(SLICE_EVENTS / UNIT_EVENTS);
  const events = Array.from({ length: units }, () => {
    const times = Float64Array.from({ length: UNIT_EVENTS }, () => Math.floor(random() * SPREAD_MS)).toSorted();
    return Array.from(
      times,
      (at) => (BigInt(at) << BigInt(as.sequence + as.mark)) | (1n << BigInt(Math.floor(random() * STEPS.length))),
    );
  }).flat();
  return {
    bits: as,
    ends: Uint32Array.from({ length: units }, (_none, unit) => (unit + 1) * UNIT_EVENTS),
    words: new Uint32Array(BigUint64Array.from(events).buffer),
  };
};

const slice = sliceOf(bits);
const count = createFunnelCount(funnelTask(funnel, marks, [], Date.now()));
const before = process.memoryUsage.rss();
let [done, countingMs, most] = [0, 0, before];
console.log(`${machine()}\n`);
console.log("| events | counting ms | answer ms | MiB over the start, at most | entered | quantiles |");
console.log("| ---: | ---: | ---: | ---: | ---: | --- |");
for (const look of LOOKS) {
  for (; done < look; done += 1) {
    const started = performance.now();
    count.addPacked(slice);
    countingMs += performance.now() - started;
    most = Math.max(most, process.memoryUsage.rss());
  }
  const started = performance.now();
  const { result, timesCounted } = count.parts();
  const answerMs = performance.now() - started;
  most = Math.max(most, process.memoryUsage.rss());
  const numbers = [countingMs, answerMs, (most - before) / MIB].map((number) => number.toFixed(0));
  const events = (done * SLICE_EVENTS).toLocaleString("en-US");
  console.log(`| ${[events, ...numbers, result.entered, timesCounted ? "within 1 / 4,096" : "exact"].join(" | ")} |`);
}
