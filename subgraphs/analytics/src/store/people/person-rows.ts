import { z } from "zod";
import type { TraitFact } from "../../domain/people/traits.ts";

const number = z.object({ place: z.number(), person: z.string() });
/** Parses the number of an id. */
export const numberRow = (value: unknown): string => number.parse(value).person;

/** What is known of somebody from the events a caller may see. */
export interface SeenPerson {
  /** The number of the id the person goes by. */
  readonly who: string;
  readonly events: number;
  readonly sessions: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly users: readonly string[];
  readonly visitors: readonly string[];
}

const seen = z
  .object({
    ...{ who: z.string(), events: z.coerce.number(), sessions: z.coerce.number(), first_ms: z.coerce.number() },
    ...{ last_ms: z.coerce.number(), users: z.array(z.string()), visitors: z.array(z.string()) },
  })
  .transform(({ first_ms, last_ms, ...row }): SeenPerson => ({ ...row, firstMs: first_ms, lastMs: last_ms }));
/** Parses what is known of somebody. */
export const seenRow = (value: unknown): SeenPerson => seen.parse(value);

/** Revenue in one currency. */
export interface PersonRevenue {
  readonly currency: string | null;
  readonly amount: string;
  readonly events: number;
}

const revenue = z
  .object({ currency: z.string(), amount: z.string(), events: z.coerce.number() })
  .transform((row): PersonRevenue => ({ ...row, currency: row.currency === "" ? null : row.currency }));
/** Parses revenue. */
export const revenueRow = (value: unknown): PersonRevenue => revenue.parse(value);

const cohort = z.object({ cohort_id: z.string() });
/** Parses the id of a cohort. */
export const cohortIdRow = (value: unknown): string => cohort.parse(value).cohort_id;

const fact = z
  .object({
    ...{ trait: z.string(), at_ms: z.coerce.number(), value: z.string() },
    op: z.enum(["SET", "SET_ONCE", "UNSET", "INCREMENT"]),
  })
  .transform(({ trait, at_ms, op, value }): TraitFact => ({
    ...{ trait, atMs: at_ms, op },
    value: op === "UNSET" ? null : z.json().parse(JSON.parse(value)),
  }));
/** Parses what was said of somebody. */
export const factRow = (value: unknown): TraitFact => fact.parse(value);

const listed = z.object({ number: z.string() });
/** Parses the number of somebody. */
export const personRow = (value: unknown): string => listed.parse(value).number;

const pair = z
  .object({ user_id: z.string(), anonymous_id: z.string() })
  .transform((row) => ({ userId: row.user_id, anonymousId: row.anonymous_id }));
/** Parses a visitor with the user it was seen as. */
export const pairRow = (value: unknown): z.infer<typeof pair> => pair.parse(value);

const said = z
  .object({
    ...{ user_id: z.string(), anonymous_id: z.string(), at_ms: z.coerce.number(), event_id: z.string() },
    properties: z.record(z.string(), z.unknown()),
  })
  .transform((row) => ({
    ...{ userId: row.user_id, anonymousId: row.anonymous_id, atMs: row.at_ms, eventId: row.event_id },
    properties: row.properties,
  }));
/** Parses what an event says of somebody. */
export const saidRow = (value: unknown): z.infer<typeof said> => said.parse(value);
