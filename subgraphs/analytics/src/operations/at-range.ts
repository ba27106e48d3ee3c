import type { Caller } from "@tessera/contracts/caller";
import type { NowMs } from "@tessera/platform/time/clock";
import { absoluteRange, toldRange, type AbsoluteRange, type TimeRangeInput } from "../domain/asked-range.ts";

/** Zone of a question that names none, as in the SDL. */
const DEFAULT_ZONE = "UTC";

/** A question about a range by its moments. */
interface Ranged {
  readonly range: AbsoluteRange;
  readonly timeZone?: string | null | undefined;
}

/** A question whose range may still be relative to now. */
export type Asked<Input extends Ranged> = Omit<Input, "range"> & { readonly range: TimeRangeInput };

/** What an answer says of the range it is about. */
export interface TellsRange {
  readonly range: AbsoluteRange;
}

/** The question with its range by its moments, as it is at `nowMs`; refuses with BAD_INPUT. */
export const atRange = <Input extends Ranged>(asked: Asked<Input>, nowMs: number, where = "input"): Input =>
  // boundary: the question is again what it is but for its range.
  ({
    ...asked,
    range: absoluteRange(asked.range, nowMs, asked.timeZone ?? DEFAULT_ZONE, `${where}.range`),
  }) as unknown as Input;

/** An answer that also tells the range it is about, in the question's zone. */
export const tellRange = <Answer extends object>(answer: Answer, { range, timeZone }: Ranged): Answer & TellsRange => ({
  ...answer,
  range: toldRange(range, timeZone ?? DEFAULT_ZONE),
});

/** Asks a question whose range may be relative: it is taken once, at the moment the question is asked, and told with the answer. */
export const withRange =
  <Input extends Ranged, Answer extends object>(
    { nowMs }: { readonly nowMs: NowMs },
    ask: (caller: Caller, input: Input, signal?: AbortSignal) => Promise<Answer>,
  ) =>
  async (caller: Caller, asked: Asked<Input>, signal?: AbortSignal): Promise<Answer & TellsRange> => {
    const input = atRange<Input>(asked, nowMs());
    return tellRange(await ask(caller, input, signal), input);
  };
