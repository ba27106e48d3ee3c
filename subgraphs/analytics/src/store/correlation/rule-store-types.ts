import type { TenantId } from "@tessera/contracts/ids";
import type { CorrelationContent, CorrelationRule } from "../../domain/correlation/rule.ts";

/** A rule that is to be, or its next version; the id is of use when nothing has the name. */
export interface NewRule {
  readonly id: string;
  readonly name: string;
  readonly by: string;
  readonly content: CorrelationContent;
  readonly expectedVersion: number | null;
}

/** Bounds on a tenant's rules. */
export interface RuleBounds {
  /** Names, of retired rules too. */
  readonly rules: number;
  readonly running: number;
}

/** How defining ended; what stood already is unchanged. */
export type DefineRuleOutcome =
  | { readonly kind: "DEFINED"; readonly rule: CorrelationRule; readonly changed: boolean }
  | { readonly kind: "TOO_MANY"; readonly limit: number }
  | { readonly kind: "OTHER_VERSION"; readonly version: number };

/** How retiring or pinning ended. */
export type ChangeRuleOutcome =
  { readonly kind: "CHANGED"; readonly rule: CorrelationRule } | { readonly kind: "NOT_FOUND"; readonly id: string };

/** Where the run of a rule stands, as it is told. */
export interface RunStanding {
  readonly version: number;
  readonly state: unknown;
  readonly failure: { readonly code: string; readonly detail: string } | null;
}

/** Correlation rules in PostgreSQL; all changes of one tenant's follow each other, and follow what its runs write. */
export interface CorrelationRuleStore {
  byId(tenantId: TenantId, id: string, version: number | null): Promise<CorrelationRule | null>;
  byName(tenantId: TenantId, name: string, version: number | null): Promise<CorrelationRule | null>;
  /** By name after a name; one more than `first` tells that there is more. */
  list(
    tenantId: TenantId,
    page: { readonly first: number; readonly after: string | null; readonly retired: boolean },
  ): Promise<readonly CorrelationRule[]>;
  /** The newest first. */
  versions(tenantId: TenantId, id: string, first: number): Promise<readonly CorrelationRule[]>;
  /** Keeps a version; the run of the rule begins anew when another version is to run. */
  define(tenantId: TenantId, one: NewRule, bounds: RuleBounds): Promise<DefineRuleOutcome>;
  /** Ends a rule's run; its versions and matches stay. */
  retire(tenantId: TenantId, id: string): Promise<ChangeRuleOutcome>;
  /** Lets a version run whatever comes after it; the latest, as it comes, for null. */
  pin(tenantId: TenantId, id: string, version: number | null): Promise<ChangeRuleOutcome>;
  /** Where a rule's run stands; null when it has none. */
  standing(tenantId: TenantId, id: string): Promise<RunStanding | null>;
}
