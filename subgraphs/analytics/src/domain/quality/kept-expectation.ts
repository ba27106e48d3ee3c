import type { TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { DAY_MS, HOUR_MS, parseDuration } from "../duration.ts";
import { MATCHER_LIMITS, type EventMatcherInput } from "../event-matcher.ts";
import type { FieldAccess } from "../fields.ts";
import { plainFilter, type FilterInput } from "../filter-input.ts";
import { parseFilter } from "../filter.ts";
import { refuseInCohort } from "../in-cohort.ts";
import { EXPECTATION_KINDS, parseExpectation, type ExpectationInput, type ExpectationKind } from "./expectation.ts";
import type { ExpectationVerdict } from "./verdict.ts";

type Maybe<T> = T | null | undefined;

/** An expectation to be kept, as the graph delivers it. */
export interface SaveExpectationInput {
  readonly event?: Maybe<string>;
  readonly where?: Maybe<FilterInput>;
  readonly expect: ExpectationInput;
  readonly span?: string;
  readonly expectedVersion?: Maybe<number>;
}

/** What a version of a kept expectation is: what is expected of which events, tested over how long. */
export interface ExpectationContent {
  /** Name of the events it is of; null for events of any name. */
  readonly event: string | null;
  /** What else must hold of the events; null for nothing. */
  readonly where: FilterInput | null;
  /** What is expected of them, as `eventQuality` takes it, but for the name. */
  readonly expect: Omit<ExpectationInput, "name" | "atLeast"> & { readonly atLeast: number };
  /** How long the time is whose events are tested, in milliseconds. */
  readonly spanMs: number;
}

/** A version of a kept expectation; times are milliseconds since the epoch. */
export interface ExpectationVersion {
  /** Number of the version, from 1. */
  readonly version: number;
  readonly content: ExpectationContent;
  /** `KIND:id` of who made this version. */
  readonly definedBy: string;
  readonly definedAtMs: number;
}

/** An expectation that a tenant keeps, as it is now. */
export interface KeptExpectation extends ExpectationVersion {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly name: string;
  readonly createdBy: string;
  readonly createdAtMs: number;
  /** What came of the last test; null before this version was tested. */
  readonly verdict: ExpectationVerdict | null;
}

/**
 * Bounds of kept expectations. Each is tested every hour, so a tenant's are as many as are read in minutes; more of one name of events than one question can ask
 * would not be looked at together. A test of less than an hour would leave gaps, one of more than a week would tell of today what was last week.
 */
export const KEPT_EXPECTATIONS = {
  ...{ ofTenant: 200, ofEvent: 20, versionsTold: 100 },
  span: { minMs: HOUR_MS, maxMs: 7 * DAY_MS },
} as const;

/** The least share that must pass where nobody says one: everything that is expected. */
const AT_LEAST = 1;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });
const given = <T>(value: Maybe<T>): value is T => value !== null && value !== undefined;

/** What of an input says something: what is left out and what is null is the same. */
const said = <Input extends object>(input: Input): Input =>
  // boundary: members are left out that may be.
  Object.fromEntries(Object.entries(input).filter(([, value]) => given(value))) as Input;

const plainExpectation = ({ name: _name, ...input }: ExpectationInput): ExpectationContent["expect"] => ({
  ...said(input),
  ...(given(input.valid) ? { valid: said(input.valid) } : {}),
  ...(given(input.holds) ? { holds: plainFilter(input.holds, "input.expect.holds") } : {}),
  atLeast: input.atLeast ?? AT_LEAST,
});

/** The events that an expectation is of, as questions say it. */
export const matcherOf = ({ event, where }: Pick<ExpectationContent, "event" | "where">): EventMatcherInput => ({
  ...(event === null ? {} : { events: [event] }),
  ...(where === null ? {} : { filter: where }),
});

/** The kind of a kept expectation. */
export const kindOf = ({ expect }: Pick<ExpectationContent, "expect">): ExpectationKind => {
  // boundary: the keys of a constant are what its type says.
  const names = Object.keys(EXPECTATION_KINDS) as readonly (keyof typeof EXPECTATION_KINDS)[];
  const kind = names.find((one) => given(expect[one]));
  if (kind === undefined) throw new Error("What was kept expects something.");
  return EXPECTATION_KINDS[kind];
};

/** One question tests many that are kept, each of which would keep another version under the same name. */
const WHY_NO_OWN = "what is kept of several expectations is tested together, where one name has one meaning";

/** Validates an expectation to be kept; refuses with BAD_INPUT, or FORBIDDEN where personal data that the caller may not see would be tested. */
export const parseKeptExpectation = (
  input: SaveExpectationInput,
  caller: FieldAccess,
): { readonly name: string; readonly content: ExpectationContent } => {
  const access: FieldAccess = { ...caller, whyNoOwn: WHY_NO_OWN };
  const event = input.event ?? null;
  if (event !== null && (event === "" || event.length > MATCHER_LIMITS.nameCharacters))
    throw bad("input.event", `The name of an event has 1 to ${MATCHER_LIMITS.nameCharacters} characters.`);
  refuseInCohort({ where: input.where, expect: input.expect }, "input");
  parseFilter(input.where, "input.where", access);
  parseExpectation(input.expect, "input.expect", access, new Set());
  const content = {
    ...{ event, where: given(input.where) ? plainFilter(input.where, "input.where") : null },
    ...{ expect: plainExpectation(input.expect) },
    spanMs: parseDuration(input.span ?? "P1D", "input.span", KEPT_EXPECTATIONS.span),
  };
  return { name: input.expect.name, content };
};
