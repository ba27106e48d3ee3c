import type { Caller } from "@tessera/contracts/caller";
import { Refusal } from "@tessera/platform/errors/refusal";
import type { SharedOutcome } from "@tessera/platform/sharing/shared-flights";
import type { NowMs } from "@tessera/platform/time/clock";
import { parseMaxStaleness } from "../../domain/delivery/staleness.ts";
import type { TellsProvenance } from "../../domain/delivery/tells-provenance.ts";
import { toldFromCache } from "../../domain/delivery/told-from-cache.ts";
import { weightOf } from "../../domain/delivery/weight.ts";
import { answerKey } from "./answer-key.ts";
import type { Answers } from "./answers.ts";

/** What sharing answers needs. */
export interface FreshEnoughDeps {
  readonly answers: Answers;
  readonly nowMs: NowMs;
}

/** A question whose answers are shared. */
export interface Sharing<Input, Answer> {
  readonly name: string;
  readonly ask: Ask<Input, Answer>;
  /** Versions of what a question names, whose change makes it another question. */
  readonly versionsOf: (caller: Caller, input: Input) => Promise<readonly string[]>;
}

/** A question as it is put to the store. */
export type Ask<Input, Answer> = (caller: Caller, input: Input, signal?: AbortSignal) => Promise<Answer>;
/** A question that takes an answer of some age: an ISO 8601 duration, PT0S when nothing is said. */
export type AskFreshEnough<Input, Answer> = (
  caller: Caller,
  input: Input,
  signal?: AbortSignal,
  maxStaleness?: string,
) => Promise<Answer>;

/** One question, by one caller, with the key under which its answer is shared. */
interface Asking<Answer> {
  readonly caller: Caller;
  readonly key: string;
  readonly maxAgeMs: number;
  readonly signal: AbortSignal | undefined;
  readonly ask: (signal: AbortSignal | undefined) => Promise<Answer>;
}

/** An estimate may have been made within the budget of one caller, where another may be given a better answer; one that was asked for is the same for everybody. */
const sharable = ({ provenance }: TellsProvenance): boolean =>
  provenance.sampling === null || provenance.sampling.reason === "ASKED";

/** What would have gone wrong for anybody at that time; everything else may be about who asked first: its budget, its turn. */
const isEverybodys = (error: unknown): boolean => error instanceof Refusal && error.code === "QUERY_TIMEOUT";

/** The answer of work shared with others; null when what came of it is no answer for this caller. */
const join = async <Answer extends TellsProvenance>(
  { flights }: Answers,
  { caller, key, maxAgeMs, signal, ask }: Asking<Answer>,
): Promise<SharedOutcome<Answer> | null> => {
  let own = false;
  const work = (ended: AbortSignal): Promise<Answer> => {
    own = true;
    return ask(ended);
  };
  try {
    const { value, ...told } = await flights.join(`${caller.tenantId} ${key}`, maxAgeMs, work, signal);
    // boundary: the question's name is part of the key, and all answers under a name are of one type.
    return told.shared && !sharable(value) ? null : { ...told, value: value as Answer };
  } catch (error) {
    if (own || signal?.aborted === true || isEverybodys(error)) throw error;
    return null;
  }
};

/**
 * Puts the cache before a question. Who takes an answer of some age is given a kept one, or that of an equal question under way; who takes none has the
 * store read after it asked, together with those who ask the same at that time. Only what is asked with some age allowed is kept.
 */
export const freshEnough =
  ({ answers, nowMs }: FreshEnoughDeps) =>
  <Input, Answer extends TellsProvenance>({
    name,
    ask,
    versionsOf,
  }: Sharing<Input, Answer>): AskFreshEnough<Input, Answer> =>
  async (caller, input, signal, maxStaleness = "PT0S") => {
    const { kept } = answers;
    const { tenantId } = caller;
    const maxAgeMs = parseMaxStaleness(maxStaleness);
    const askedAtMs = nowMs();
    const key = answerKey(name, caller, input, await versionsOf(caller, input));
    const known = maxAgeMs === 0 ? null : kept.get(tenantId, key);
    if (known !== null && askedAtMs - known.madeAtMs <= maxAgeMs)
      // boundary: the question's name is part of the key, and all answers under a name are of one type.
      return toldFromCache(known.value as Answer, { use: "HIT", ageMs: askedAtMs - known.madeAtMs });
    const asking = { caller, key, maxAgeMs, signal, ask: (ended?: AbortSignal) => ask(caller, input, ended) };
    const outcome = (await join(answers, asking)) ?? {
      ...{ value: await asking.ask(signal), beganAtMs: askedAtMs, shared: false },
    };
    const { value, beganAtMs, shared } = outcome;
    if (maxAgeMs > 0 && sharable(value) && kept.get(tenantId, key)?.madeAtMs !== beganAtMs)
      kept.set(tenantId, key, { value, madeAtMs: beganAtMs }, weightOf(value));
    if (shared) return toldFromCache(value, { use: "SHARED", ageMs: askedAtMs - beganAtMs });
    return maxAgeMs === 0 ? value : toldFromCache(value, { use: "MISS", ageMs: 0 });
  };
