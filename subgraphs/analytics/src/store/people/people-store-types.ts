import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction } from "@tessera/platform/db/sql";
import type { IdentityKey, IdentityRules } from "../../domain/people/identity.ts";
import type { Change, Decision, Identity } from "../../domain/people/links.ts";

/** Where a tenant's people stand. */
export interface PeopleState {
  /** Number of the last change; 0 before the first. */
  readonly version: number;
  /** Up to which change the event store knows of them. */
  readonly copiedVersion: number;
  /** Ids that are under others. */
  readonly links: number;
  readonly rules: IdentityRules;
}

/** An id with the number that events of it are stored with. */
export type KnownIdentity = Identity & { readonly person: string };

/** A change that was made. */
export type PeopleChange = Change & {
  readonly version: number;
  readonly reason: string;
  readonly by: string;
  readonly atMs: number;
};

/** An id of a person that was asked for by the number of one of its ids. */
export interface IdentityOfPerson {
  /** The number asked for. */
  readonly asked: string;
  readonly key: IdentityKey;
  readonly person: string;
  /** The number of the id the person goes by. */
  readonly countsAs: string;
}

/** Whom somebody counts as since a version. */
export interface CopiedPerson {
  readonly person: string;
  readonly canonical: string;
  readonly version: number;
}

/** An id and the number that events of it are stored with. */
export interface NumberedKey {
  readonly key: IdentityKey;
  readonly person: string;
}

/** A wish about two ids, or one with itself: what is decided is done in the same transaction. */
export interface Wish {
  readonly one: NumberedKey;
  readonly other: NumberedKey;
  readonly decide: (one: Identity, other: Identity, rules: IdentityRules) => Decision;
  readonly reason: string;
  readonly by: string;
}

/** What became of a wish. */
export interface WishOutcome {
  readonly decision: Decision;
  /** The change as it is kept; null when nothing changed. */
  readonly made: PeopleChange | null;
}

/** Who is who, in PostgreSQL; the changes of one tenant follow each other. */
export interface PeopleStore {
  state(tenantId: TenantId): Promise<PeopleState>;
  setRules(tenantId: TenantId, rules: IdentityRules): Promise<PeopleState>;
  wish(tenantId: TenantId, wish: Wish): Promise<WishOutcome>;
  /** Does wishes one after the other within a transaction of the tenant. */
  wishAll(transaction: SqlTransaction, tenantId: TenantId, wishes: readonly Wish[]): Promise<readonly WishOutcome[]>;
  find(tenantId: TenantId, keys: readonly IdentityKey[]): Promise<readonly KnownIdentity[]>;
  /** Every id of the persons that ids of these numbers belong to; none for ids that were never linked. */
  identitiesOf(tenantId: TenantId, numbers: readonly string[]): Promise<readonly IdentityOfPerson[]>;
  /** Changes that ids took part in, the newest first; one more than `first` tells that there are more. */
  history(
    tenantId: TenantId,
    keys: readonly IdentityKey[],
    first: number,
    before: number | null,
  ): Promise<readonly PeopleChange[]>;
  /** Hands what changed since the last copy to `write`, and remembers that it was taken; true when there is more. */
  copy(tenantId: TenantId, write: (rows: readonly CopiedPerson[]) => Promise<void>): Promise<boolean>;
  /** Tenants whose copy is behind. */
  behindAcrossTenants(max: number): Promise<readonly TenantId[]>;
}
