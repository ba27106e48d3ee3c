import type { TenantId } from "../ids.ts";

/** Topic on which {@link PersonErasureWished} is told. */
export const PERSON_ERASURE_WISHED = "person.erasure-wished";

/** Told by a room that wants a person erased, in the transaction that decided so: the same as `erasePerson`. Entries are kept for a day. */
export interface PersonErasureWished {
  readonly tenantId: TenantId;
  /** A UUID made by who wishes; the erasure has it as its id, unless one of the same person is under way. */
  readonly erasureId: string;
  /** Which of the person's ids is named. */
  readonly kind: "USER" | "VISITOR";
  readonly id: string;
  /** Why, 1 to 500 characters that name nobody. */
  readonly reason: string;
  /** Who wishes it, `<kind of subject>:<id>`. */
  readonly by: string;
}

/** Topic on which {@link PersonErased} is told. */
export const PERSON_ERASED = "person.erased";

/** Told when a pass of an erasure ended, in the transaction that says so: what is kept of the tenant's answers is to be forgotten. It names nobody. */
export interface PersonErased {
  readonly tenantId: TenantId;
  readonly erasureId: string;
  /** Passes that have ended. */
  readonly passes: number;
  /** True for the last pass: nothing that could bring the person back is on its way any more. */
  readonly done: boolean;
}
