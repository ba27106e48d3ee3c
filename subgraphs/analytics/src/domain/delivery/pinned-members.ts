import type { TenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import { accountsOf } from "../cohort-unit.ts";
import type { InCohortInput } from "../filter-input.ts";
import { namedCohorts, withPeople } from "../in-cohort.ts";
import type { PeopleStatement } from "../people-statement.ts";
import type { OlapInput } from "../query.ts";

/** Members of one cohort that are copied for the pages of an answer: as many as are written within the time of one question. */
export const MAX_COPIED_MEMBERS = 5_000_000;
/** Milliseconds after which a copy is written again, so that it is there for as long as pages are asked for: half of what it is kept for. */
export const COPY_AGAIN_MS = 1_800_000;

/** Parses who the members of a cohort are on all pages of an answer. */
export const pinnedMembers = z.object({
  cohort: z.string(),
  asOf: z.string().nullable(),
  /** The type of groups that the members are; null for people. */
  group: z.string().nullable(),
  /** By the facts of the computation of a moment; null where they are copied. */
  recordedAtMs: z.number().nullable(),
  copy: z.object({ id: z.string(), members: z.number(), atMs: z.number() }).nullable(),
});

/** Who the members of a cohort are on all pages of an answer: those that a computation recorded, or a copy of them. */
export type PinnedMembers = z.infer<typeof pinnedMembers>;

const keyOf = ({ cohort, asOf }: Pick<InCohortInput, "cohort" | "asOf">): string =>
  `${cohort.toLowerCase()} ${asOf ?? ""}`;

/** Each cohort that the filters of a question name, as of each moment, once. */
export const cohortsToPin = (olap: unknown): readonly InCohortInput[] => [
  ...new Map(namedCohorts(olap, "input").map(({ input }) => [keyOf(input), input])).values(),
];

/** The question with the members that were pinned in the place of each cohort that its filters name. */
export const withPinned = (
  olap: OlapInput,
  tenantId: TenantId,
  pinned: readonly PinnedMembers[],
  peopleOf: (pinned: PinnedMembers) => PeopleStatement,
): OlapInput => {
  const byKey = new Map(pinned.map((one) => [keyOf(one), one]));
  const found = new Map(
    namedCohorts(olap, "input").flatMap(({ input }) => {
      const one = byKey.get(keyOf(input));
      if (one === undefined) return [];
      const accounts = accountsOf(tenantId, { unit: one.group === null ? "PEOPLE" : "ACCOUNTS", group: one.group });
      return [[input, { ...input, people: peopleOf(one), accounts }] as const];
    }),
  );
  // boundary: the question is again what it is, with people beside the cohorts it names.
  return withPeople(olap, found) as OlapInput;
};
