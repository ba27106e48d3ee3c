import { createHash } from "node:crypto";
import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { policyFingerprint } from "@tessera/platform/store/data-policy";
import { canonicalQuestion } from "../../domain/delivery/canonical-question.ts";
import type { CohortStore } from "../../store/cohort-store.ts";

/** Ids of cohorts that a question names, wherever it does: under members that are called after them. */
const namesCohort = (part: unknown, within = false): boolean => {
  if (typeof part === "string") return within && isUuid(part);
  if (typeof part !== "object" || part === null) return false;
  if (Array.isArray(part)) return part.some((one: unknown) => namesCohort(one, within));
  return Object.entries(part).some(([name, member]: [string, unknown]) =>
    namesCohort(member, within || /cohort/i.test(name)),
  );
};

/**
 * What the cohorts of a tenant are, where a question names one: it may be defined by others, so that any change of any makes it another question. Empty
 * where none is named.
 */
export const cohortVersions = async (
  cohorts: Pick<CohortStore, "all">,
  { tenantId }: Caller,
  question: unknown,
): Promise<string> => {
  if (!namesCohort(question)) return "";
  const all = await cohorts.all(tenantId);
  return all
    .map(({ id, version, computation }) => `${id}.${version}.${computation.asOfMs ?? ""}`)
    .toSorted()
    .join(",");
};

/**
 * The key under which the answer to a question is shared within a tenant: the question in its one spelling, what it names in the versions that count, and
 * what the caller may see and do, so that nobody is given an answer to what they could not have asked.
 */
export const answerKey = (name: string, caller: Caller, question: unknown, versions: readonly string[]): string => {
  const { permissions, dataPolicy } = caller;
  const parts = [
    ...[name, canonicalQuestion(question), policyFingerprint(dataPolicy)],
    ...[[...permissions].toSorted().join(" "), ...versions],
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
};
