import type { Caller } from "@tessera/contracts/caller";
import { fastPart, namedPart, samplingOf, WHOLE, type Part } from "../domain/asked-part.ts";
import type { AskedSample } from "../domain/asked-sample.ts";
import type { Cost } from "../domain/provenance.ts";
import type { Sampling } from "../domain/sampling.ts";
import type { CountPersons, EstimateRows, LookedAtRows } from "../store/rows-estimate.ts";

/** The part of the persons a question is answered from; only one that is to be fast has the store estimate what all persons would take. */
export const readPart = async (
  asked: AskedSample,
  estimateRows: () => Promise<number>,
  eventCost?: number,
): Promise<Part> => {
  if (asked.kind === "ALL") return WHOLE;
  return asked.kind === "PART" ? namedPart(asked.fraction) : fastPart(await estimateRows(), eventCost);
};

/** What draws a sample and tells of it. */
export interface PartStore {
  readonly estimate: EstimateRows;
  readonly persons: CountPersons;
}

/** An answer from a part of the persons, with what it says of that part. */
export interface FromPart<Answer> {
  readonly answer: Answer;
  readonly part: Part;
  readonly sampling: Sampling | null;
  readonly costs: readonly Cost[];
}

/** Reads an answer from the part of the persons that was asked for; how many persons that are is read beside it. */
export const fromPart = async <Answer>(
  { estimate, persons }: PartStore,
  { caller, asked, looked, eventCost, signal }: AskedOf,
  read: (part: Part) => Promise<Answer>,
): Promise<FromPart<Answer>> => {
  const part = await readPart(asked, () => estimate(caller, looked, signal), eventCost);
  const { slice } = part;
  const [answer, counted] = await Promise.all([
    read(part),
    slice === null ? null : persons(caller, looked, slice, signal),
  ]);
  return {
    ...{ answer, part, sampling: samplingOf(part, counted?.rows[0] ?? 0) },
    costs: counted === null ? [] : [counted.statistics],
  };
};

/** Who asks for which part of the persons, and what is looked at of them. */
export interface AskedOf {
  readonly caller: Caller;
  readonly asked: AskedSample;
  readonly looked: LookedAtRows;
  /** How many times as long each event takes as one of a funnel; 1 where nothing is said. */
  readonly eventCost?: number;
  readonly signal: AbortSignal | undefined;
}
