import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { absoluteRange, type TimeRangeInput } from "../../domain/asked-range.ts";
import { MAX_RULES_ON_PAGE } from "../../domain/correlation/rule.ts";
import { parseCount } from "../../domain/query.ts";
import { parseTimeRange } from "../../domain/time-range.ts";
import type { CorrelationMatchStore, MatchPlace, StoredMatch } from "../../store/correlation/match-store.ts";
import type { CorrelationRuleStore } from "../../store/correlation/rule-store-types.ts";
import { keyFieldsOf, type MatchView } from "./match-view.ts";

/** What finding matches needs. */
export interface MatchDeps {
  readonly correlationRules: Pick<CorrelationRuleStore, "byId" | "versions">;
  readonly correlationMatches: CorrelationMatchStore;
  readonly nowMs: NowMs;
}

/** Which of a rule's matches are asked for. */
export interface MatchPageInput {
  readonly rule: string;
  readonly range?: TimeRangeInput | null | undefined;
  readonly first: number;
  readonly after?: string | null | undefined;
}

/** A page of matches. */
export interface MatchPage {
  readonly edges: readonly { readonly cursor: string; readonly node: MatchView }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** Matches of a page. */
const MAX_MATCHES_ON_PAGE = 1_000;
const CURSOR = /^m(\d{1,15})\.([0-9a-f-]{36})$/;

const formatPlace = ({ completedAtMs, id }: MatchPlace): string => `m${completedAtMs}.${id}`;
const parsePlace = (text: string | null | undefined): MatchPlace | null => {
  if (text === null || text === undefined) return null;
  const [, ms, id = ""] = CURSOR.exec(text) ?? [];
  if (ms === undefined || !isUuid(id))
    throw refuse("BAD_INPUT", "The cursor is not one this list gave out.", { field: "after" });
  return { completedAtMs: Number(ms), id };
};

/** Refuses with NOT_FOUND what is no rule of the caller's tenant. */
export const requireRule = async (
  { correlationRules }: Pick<MatchDeps, "correlationRules">,
  caller: Caller,
  id: string,
): Promise<string> => {
  const rule = isUuid(id) ? await correlationRules.byId(caller.tenantId, id.toLowerCase(), null) : null;
  if (rule === null) throw refuse("NOT_FOUND", "The tenant has no correlation rule of this id.", { field: "rule" });
  return rule.id;
};

/** Tells matches of a rule by the versions that found them. */
export const viewMatches = async (
  { correlationRules }: Pick<MatchDeps, "correlationRules">,
  { tenantId }: Caller,
  ruleId: string,
  matches: readonly StoredMatch[],
): Promise<readonly MatchView[]> => {
  if (matches.length === 0) return [];
  const versions = await correlationRules.versions(tenantId, ruleId, MAX_RULES_ON_PAGE);
  const patterns = new Map(versions.map(({ version, content }) => [version, content.pattern]));
  return matches.map(({ ruleId: _rule, ...match }) => {
    const pattern = patterns.get(match.version);
    return { ...match, keyFields: pattern === undefined ? [] : keyFieldsOf(pattern, match.events) };
  });
};

/** Matches that a rule of the caller's tenant found live, the newest first. */
export const listCorrelationMatches =
  (deps: MatchDeps) =>
  async (caller: Caller, input: MatchPageInput): Promise<MatchPage> => {
    const first = parseCount(input.first, "first", MAX_MATCHES_ON_PAGE);
    const after = parsePlace(input.after);
    const range =
      input.range === null || input.range === undefined
        ? null
        : parseTimeRange(absoluteRange(input.range, deps.nowMs(), "UTC", "range"), "range");
    const ruleId = await requireRule(deps, caller, input.rule);
    const found = await deps.correlationMatches.page(caller.tenantId, { ruleId, range, first, after });
    const views = await viewMatches(deps, caller, ruleId, found.slice(0, first));
    return {
      edges: views.map((node) => ({ cursor: formatPlace(node), node })),
      hasNextPage: found.length > first,
      hasPreviousPage: after !== null,
    };
  };
