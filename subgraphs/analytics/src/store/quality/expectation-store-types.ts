import type { TenantId } from "@tessera/contracts/ids";
import type { ExpectationContent, ExpectationVersion, KeptExpectation } from "../../domain/quality/kept-expectation.ts";

/** An expectation to be kept; the id is of use when nothing has the name. */
export interface ExpectationDraft {
  readonly id: string;
  readonly name: string;
  readonly content: ExpectationContent;
  /** `KIND:id` of who keeps it. */
  readonly by: string;
  /** The version it is meant to follow; null: any. */
  readonly expectedVersion: number | null;
}

/** How keeping an expectation ended; what stood already is unchanged. */
export type SaveExpectationOutcome =
  | { readonly kind: "SAVED"; readonly expectation: KeptExpectation; readonly changed: boolean }
  | { readonly kind: "TOO_MANY"; readonly limit: number; readonly event: string | null }
  | { readonly kind: "OTHER_VERSION"; readonly version: number };

/** A version of a kept expectation that was asked for by its id. */
export interface ExpectationInVersion extends Pick<ExpectationVersion, "version" | "content"> {
  readonly id: string;
  readonly name: string;
  /** Number of the version now. */
  readonly latestVersion: number;
}

/** Kept expectations in PostgreSQL; all changes of one tenant's follow each other, so that they are counted without a race. */
export interface ExpectationStore {
  save(
    tenantId: TenantId,
    draft: ExpectationDraft,
    bounds: { readonly ofTenant: number; readonly ofEvent: number },
  ): Promise<SaveExpectationOutcome>;
  /** By name: all, or those of one name of events and of events of any. */
  list(tenantId: TenantId, event: string | null, most: number): Promise<readonly KeptExpectation[]>;
  versions(tenantId: TenantId, id: string, first: number): Promise<readonly ExpectationVersion[]>;
  /** Expectations by their ids, each in its version now and in those that are asked for, as far as there are such. */
  inVersions(
    tenantId: TenantId,
    wanted: readonly { readonly id: string; readonly version: number | null }[],
  ): Promise<readonly ExpectationInVersion[]>;
  /** Deletes it with its versions; false when there is none. */
  remove(tenantId: TenantId, id: string): Promise<boolean>;
}
