import { z } from "zod";
import { MAX_VALUE } from "./finding.ts";

/** Largest minimum of samples: what a GraphQL Int can say. */
const MAX_MINIMUM_SAMPLES = 2_147_483_647;

/**
 * What becomes of buckets that the rule's event calendar labels. AS_USUAL: they are judged and learnt like others. SKIP: neither judged nor learnt. APART: judged and learnt by
 * those with the same label alone, a detector of its own for each label. WIDEN: like APART, but while too little is known of a label, its buckets are judged by what is usual with a wider band.
 */
export const CALENDAR_RULES = ["AS_USUAL", "SKIP", "APART", "WIDEN"] as const;

/** One of {@link CALENDAR_RULES}. */
export type CalendarRule = (typeof CALENDAR_RULES)[number];

/** A number of the unit that is watched. */
export const amount = z.number().min(-MAX_VALUE).max(MAX_VALUE);
/** A distance in the unit that is watched. */
export const distance = z.number().min(0).max(MAX_VALUE);
/** Sides of what is expected that are anomalies. */
export const sides = z.enum(["ABOVE", "BELOW", "BOTH"]).default("BOTH");
/** Units a bucket must be of to be judged; a bucket of fewer is one that holds nothing. */
export const minimumSamples = z.number().int().min(0).max(MAX_MINIMUM_SAMPLES).default(0);
/** What becomes of labelled buckets where something is learnt: a feast would teach what is not usual. */
export const calendar = z.enum(CALENDAR_RULES).default("SKIP");
/** What becomes of labelled buckets where nothing is learnt: a bound is a bound. */
export const calendarOfBounds = z.enum(CALENDAR_RULES).default("AS_USUAL");
