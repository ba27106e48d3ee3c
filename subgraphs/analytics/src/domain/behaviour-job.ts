import type { DataPolicy } from "@tessera/contracts/data-policy";
import { dataPolicyShape } from "@tessera/platform/store/data-policy";
import { z } from "zod";
import type { AttributionInput } from "./attribution/question.ts";
import type { FunnelInput } from "./funnel/funnel-input.ts";
import type { PathsInput } from "./paths/paths-input.ts";
import type { SessionMetricsInput } from "./sessions/sessions-input.ts";

/** Questions about what people do that a job answers, each by the name of its field in `StartQueryInput` and `Job`. */
export interface BehaviourInputs {
  readonly funnel: FunnelInput;
  readonly paths: PathsInput;
  readonly attribution: AttributionInput;
  readonly sessionMetrics: SessionMetricsInput;
}

/** One of {@link BehaviourInputs}. */
export type BehaviourKind = keyof BehaviourInputs;

/** A question about what people do, with its range by its moments. */
export type BehaviourQuestion = {
  readonly [Kind in BehaviourKind]: { readonly kind: Kind; readonly input: BehaviourInputs[Kind] };
}[BehaviourKind];

/** What a job about what people do is asked, as it is kept with the job. */
export interface BehaviourJobInput {
  readonly question: BehaviourQuestion;
  /** Whether it asks about personal data, which who started it may see; its answer is shown only to those who may too. */
  readonly personalData: boolean;
  /** What of the events the asker could see; the answer is computed from that, and shown to nobody who sees less or other. */
  readonly dataPolicy: DataPolicy | null;
}

const KINDS = ["funnel", "paths", "attribution", "sessionMetrics"] as const satisfies readonly BehaviourKind[];

const stored = z.object({
  behaviour: z
    .object({ kind: z.enum(KINDS), input: z.record(z.string(), z.unknown()) })
    // boundary: a question is kept after it was validated, and validated again before anything is made of it.
    .transform((kept) => kept as unknown as BehaviourQuestion),
  ...{ personalData: z.boolean(), dataPolicy: dataPolicyShape.nullable() },
});

/** Writes what is kept with a job about what people do. */
export const keptBehaviour = ({ question, ...rest }: BehaviourJobInput): object => ({ behaviour: question, ...rest });

/** Reads what is kept with a job about what people do; null for another job. */
export const parseBehaviourJob = (input: unknown): BehaviourJobInput | null => {
  if (typeof input !== "object" || input === null || !("behaviour" in input)) return null;
  const { behaviour: question, ...rest } = stored.parse(input);
  return { question, ...rest };
};

/** A row of a job's result that holds a whole answer. */
export type AnswerRow = Readonly<Record<string, string>>;

const answerRow = z.object({ answer: z.string() });

/** The row of an answer, which is data throughout. */
export const answerRowOf = (answer: object): AnswerRow => ({ answer: JSON.stringify(answer) });

/** Reads the answer in a row. */
export const answerIn = (row: unknown): unknown => JSON.parse(answerRow.parse(row).answer);
