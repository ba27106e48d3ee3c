import { z } from "zod";
import { table } from "./read-behaviour.ts";
import { sourceShape } from "./read-columns.ts";
import type { AnswerParts } from "./section.ts";

const maybe = z.number().nullable();
const qualityShape = z.object({
  expectations: z.array(
    z.object({
      ...{ name: z.string(), kind: z.string(), tested: z.number(), failed: z.number(), share: maybe, atLeast: maybe },
      met: z.boolean().nullable(),
    }),
  ),
});

const EXPECTATION_COLUMNS = [
  ["expectation", "TEXT"],
  ["kind", "TEXT"],
  ["tested", "INTEGER"],
  ["failed", "INTEGER"],
  ["share", "SHARE"],
  ["at least", "SHARE"],
  ["met", "TEXT"],
] as const;

const metText = (met: boolean | null): string | null => (met === null ? null : met ? "yes" : "no");

/** Reads an answer of `eventQuality`: each expectation as a row of its numbers. */
export const readEventQuality = (answer: unknown): AnswerParts => {
  const { expectations } = qualityShape.parse(answer);
  const missed = expectations.filter(({ met }) => met === false);
  return {
    tables: [
      table(
        "",
        EXPECTATION_COLUMNS,
        expectations.map(({ name, kind, tested, failed, share, atLeast, met }) => [
          ...[name, kind, tested, failed, share, atLeast],
          metText(met),
        ]),
      ),
    ],
    shape: { kind: "NONE" },
    notes: missed.length === 0 ? [] : [`Not met: ${missed.map(({ name }) => name).join(", ")}.`],
    source: sourceShape.parse(answer),
  };
};

const driftShape = z.object({
  ...{ samples: z.number(), referenceSamples: z.number(), enough: z.boolean() },
  ...{ psi: maybe, p: maybe, jensenShannon: maybe },
  bins: z.array(
    z.object({
      ...{ label: z.string(), referenceCount: z.number(), count: z.number() },
      ...{ referenceShare: maybe, share: maybe, contribution: maybe },
    }),
  ),
});

const BIN_COLUMNS = [
  ["values", "TEXT"],
  ["reference", "INTEGER"],
  ["now", "INTEGER"],
  ["share of reference", "SHARE"],
  ["share now", "SHARE"],
  ["adds to the index", "NUMBER"],
] as const;

/** Reads an answer of `drift`: both distributions as bars, bin by bin, and the measures as a note. */
export const readDrift = (answer: unknown): AnswerParts => {
  const { samples, referenceSamples, enough, psi, p, jensenShannon, bins } = driftShape.parse(answer);
  return {
    tables: [
      table(
        "",
        BIN_COLUMNS,
        bins.map(({ label, referenceCount, count, referenceShare, share, contribution }) => [
          ...[label, referenceCount, count, referenceShare, share, contribution],
        ]),
      ),
    ],
    shape: {
      ...{ kind: "SERIES", timed: false, format: null, categories: bins.map(({ label }) => label) },
      series: [
        { name: "reference", values: bins.map(({ referenceShare }) => referenceShare) },
        { name: "now", values: bins.map(({ share }) => share) },
      ],
    },
    notes: enough
      ? [
          `Population stability index ${psi?.toFixed(4)} (p ${p?.toFixed(4)}), Jensen-Shannon distance ${jensenShannon?.toFixed(4)}.`,
        ]
      : [`${samples} values and ${referenceSamples} of the reference are too few to compare.`],
    source: sourceShape.parse(answer),
  };
};
