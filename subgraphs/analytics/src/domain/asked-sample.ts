import { refuse } from "@tessera/platform/errors/refusal";
import type { AnalysisUnit } from "./analysis-unit.ts";

/** What of all persons a question is to be answered from, as the graph delivers it. */
export interface SampleInput {
  readonly sample?: number | null | undefined;
  readonly fast?: boolean | null | undefined;
}

/** What of all persons a question is answered from: all of them, a part that was named, or as many as can be read in about 100 ms. */
export type AskedSample =
  { readonly kind: "ALL" } | { readonly kind: "PART"; readonly fraction: number } | { readonly kind: "FAST" };

/** Smallest part of the persons a question may be answered from. */
export const SMALLEST_SAMPLE = 0.001;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** Reads `sample` and `fast`; refuses with BAD_INPUT a part that is none, and both at once. */
export const parseAskedSample = ({ sample, fast }: SampleInput, where = "input"): AskedSample => {
  const fraction = sample ?? 1;
  if (!(fraction >= SMALLEST_SAMPLE && fraction <= 1))
    throw bad(`${where}.sample`, `\`sample\` is a part of the persons, from ${SMALLEST_SAMPLE} to 1.`);
  if (fast !== true) return fraction === 1 ? { kind: "ALL" } : { kind: "PART", fraction };
  if (fraction < 1)
    throw bad(`${where}.fast`, "`fast` chooses the part of the persons itself: leave `sample` out, or `fast`.");
  return { kind: "FAST" };
};

/** Reads `sample` and `fast` of a question; refuses with BAD_INPUT parts of anything but persons. */
export const parsePersonsPart = (input: SampleInput, unit: AnalysisUnit, where = "input"): AskedSample => {
  const asked = parseAskedSample(input, where);
  if (asked.kind === "ALL" || unit.kind === "PERSON") return asked;
  const name = asked.kind === "FAST" ? "fast" : "sample";
  throw refuse("BAD_INPUT", `A sample is drawn of persons: take the unit PERSON, or leave \`${name}\` out.`, {
    field: `${where}.${name}`,
  });
};

/** Refuses with BAD_INPUT, for the reason that is told, to answer from a part of the persons. */
export const refuseDrawn = (input: SampleInput, why: string, where = "input"): void => {
  const { kind } = parseAskedSample(input, where);
  if (kind === "ALL") return;
  const [name, field] = kind === "FAST" ? ["fast", `${where}.fast`] : ["sample", `${where}.sample`];
  throw bad(field, `${why}: leave \`${name}\` out.`);
};
