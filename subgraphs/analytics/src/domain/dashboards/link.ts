import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { didYouMean } from "../did-you-mean.ts";
import type { DashboardDocument } from "./document.ts";

/** A link to a dashboard for readers without an account; times are milliseconds since the epoch. */
export interface DashboardLink {
  /** The id of its credential. */
  readonly id: string;
  readonly dashboardId: string;
  readonly name: string;
  /** `KIND:id` of who shared. */
  readonly sharedBy: string;
  /** Shared by who looks after all dashboards, and not as their owner: what must still be so. */
  readonly asKeeper: boolean;
  /** Null: every widget there is. */
  readonly widgets: readonly string[] | null;
  readonly openVariables: readonly string[];
  readonly rangeOpen: boolean;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly revokedAtMs: number | null;
  readonly lastUsedAtMs: number | null;
  readonly uses: string;
}

/** What links are held to: one for each place a dashboard hangs; a quarter, after which somebody asks themselves whether it is still wanted. */
export const LINK_LIMITS = {
  ofDashboard: 50,
  /** Ended ones that are still listed. */
  ended: 50,
  name: 120,
  days: 90,
} as const;

const DAY_MS = 86_400_000;
const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** What a link to a dashboard shows, as the graph delivers it. */
export interface LinkInput {
  readonly name: string;
  readonly expiresAt: string;
  readonly widgets?: readonly string[] | null | undefined;
  readonly openVariables?: readonly string[];
  readonly rangeOpen?: boolean;
}

const widgetsOf = (ids: readonly string[], { widgets }: DashboardDocument): readonly string[] => {
  if (ids.length === 0) throw bad("input.widgets", "A link shows at least one widget: leave this out for all of them.");
  for (const [index, id] of ids.entries())
    if (!isUuid(id) || !widgets.some((one) => one.id === id.toLowerCase()))
      throw bad(`input.widgets.${index}`, "The dashboard has no such widget.");
  return [...new Set(ids.map((id) => id.toLowerCase()))];
};

const variablesOf = (names: readonly string[], { variables }: DashboardDocument): readonly string[] => {
  const known = variables.map(({ name }) => name);
  for (const [index, name] of names.entries())
    if (!known.includes(name))
      throw bad(`input.openVariables.${index}`, `The dashboard has no variable \`${name}\`.${didYouMean(name, known)}`);
  return [...new Set(names)];
};

/** Reads what a link to a dashboard shows; refuses with BAD_INPUT. */
export const parseLink = (
  input: LinkInput,
  document: DashboardDocument,
  nowMs: number,
): Pick<DashboardLink, "name" | "expiresAtMs" | "widgets" | "openVariables" | "rangeOpen"> => {
  const name = input.name.trim();
  if (name === "" || name.length > LINK_LIMITS.name)
    throw bad("input.name", `A name has 1 to ${LINK_LIMITS.name} characters.`);
  const expiresAtMs = Date.parse(input.expiresAt);
  if (!(expiresAtMs > nowMs) || expiresAtMs > nowMs + LINK_LIMITS.days * DAY_MS)
    throw bad("input.expiresAt", `A link ends in the future, within ${LINK_LIMITS.days} days.`);
  const ids = input.widgets ?? null;
  return {
    ...{ name, expiresAtMs, rangeOpen: input.rangeOpen ?? false },
    widgets: ids === null ? null : widgetsOf(ids, document),
    openVariables: variablesOf(input.openVariables ?? [], document),
  };
};
