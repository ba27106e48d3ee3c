import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { decodeState } from "../../domain/correlation/state-json.ts";
import { MAX_RULES_ON_PAGE, type CorrelationRule } from "../../domain/correlation/rule.ts";
import type { CorrelationState } from "../../domain/correlation/correlator.ts";
import { parseCount } from "../../domain/query.ts";
import type { CorrelationRuleStore, RunStanding } from "../../store/correlation/rule-store-types.ts";

interface Deps {
  readonly correlationRules: CorrelationRuleStore;
}

/** A page of rules. */
export interface CorrelationRulePage {
  readonly edges: readonly { readonly cursor: string; readonly node: CorrelationRule }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** Where the run of a rule stands. */
export interface CorrelationStanding extends Pick<RunStanding, "version" | "failure"> {
  readonly state: CorrelationState;
}

/** Finds a rule of the caller's tenant by id, in a version or as it is now; null when there is none. */
export const findCorrelationRule =
  ({ correlationRules }: Deps) =>
  async (caller: Caller, id: string, version: number | null | undefined = null): Promise<CorrelationRule | null> =>
    isUuid(id) ? correlationRules.byId(caller.tenantId, id.toLowerCase(), version) : null;

const encode = (name: string): string => Buffer.from(name, "utf8").toString("base64url");
const decode = (cursor: string | null | undefined): string | null =>
  cursor === null || cursor === undefined ? null : Buffer.from(cursor, "base64url").toString("utf8");

/** Rules of the caller's tenant by name. */
export const listCorrelationRules =
  ({ correlationRules }: Deps) =>
  async (
    caller: Caller,
    page: { readonly first: number; readonly after?: string | null | undefined; readonly retired: boolean },
  ): Promise<CorrelationRulePage> => {
    const first = parseCount(page.first, "first", MAX_RULES_ON_PAGE);
    const after = decode(page.after);
    const found = await correlationRules.list(caller.tenantId, { first, after, retired: page.retired });
    const edges = found.map((node) => ({ cursor: encode(node.name), node }));
    return { edges: edges.slice(0, first), hasNextPage: found.length > first, hasPreviousPage: after !== null };
  };

/** Versions of a rule, the newest first. */
export const correlationRuleVersions =
  ({ correlationRules }: Deps) =>
  (caller: Caller, rule: CorrelationRule): Promise<readonly CorrelationRule[]> =>
    correlationRules.versions(caller.tenantId, rule.id, MAX_RULES_ON_PAGE);

/** Where the run of a rule stands; null for one that is retired. */
export const correlationStanding =
  ({ correlationRules }: Deps) =>
  async (caller: Caller, rule: CorrelationRule): Promise<CorrelationStanding | null> => {
    const standing = await correlationRules.standing(caller.tenantId, rule.id);
    return standing === null ? null : { ...standing, state: decodeState(standing.state) };
  };
