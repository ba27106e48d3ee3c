import { refuse } from "@tessera/platform/errors/refusal";

/** What an id is of: somebody who signed in, or a visitor's device. */
export type IdentityKind = "USER" | "VISITOR";

/** An id with its kind in front, as who is who is kept: `user:ada`, `visitor:3f2a`. */
export type IdentityKey = `user:${string}` | `visitor:${string}`;

/** Characters of an id that ingest takes. */
const MAX_ID = 256;

/**
 * Ids that programs send where they know none, in lower case: whoever is named by one would be everybody. The lists of PostHog and RudderStack, and
 * what serialisers write for a missing value.
 */
export const BLOCKED_IDS: ReadonlySet<string> = new Set([
  ...[
    "",
    "0",
    "-1",
    "1e999",
    "00000000-0000-0000-0000-000000000000",
    "undefined",
    "null",
    "none",
    "nil",
    "nan",
    "void",
  ],
  ...["true", "false", "[]", "{}", "[object object]", "not_authenticated", "not authenticated", "unauthenticated"],
  ...["anonymous", "anonymous_id", "anonymousid", "anon", "guest", "unknown", "visitor", "user", "user_id", "userid"],
  ...[
    "distinct_id",
    "distinctid",
    "id",
    "email",
    "deleted",
    "default",
    "n/a",
    "na",
    "-",
    "test",
    "example@example.com",
  ],
]);

/** How a tenant's ids are linked. */
export interface IdentityRules {
  /** Events that link a visitor with a user when they carry both ids. */
  readonly linkFrom: "IDENTIFY_EVENTS" | "ALL_EVENTS" | "NOTHING";
  /** Different users of one visitor from which on it is a shared device; null: it stays the first one's whoever comes after. */
  readonly sharedFromUsers: number | null;
  /** Ids that name nobody, beside {@link BLOCKED_IDS}; in lower case. */
  readonly blockedIds: readonly string[];
}

/** Rules of a tenant that has set none. */
export const DEFAULT_RULES: IdentityRules = { linkFrom: "IDENTIFY_EVENTS", sharedFromUsers: null, blockedIds: [] };

/** Writes the id of a user as a key. */
export const userKey = (id: string): IdentityKey => `user:${id}`;
/** Writes the id of a visitor as a key. */
export const visitorKey = (id: string): IdentityKey => `visitor:${id}`;

/** Splits a key into kind and id. */
export const identityOf = (key: string): { readonly kind: IdentityKind; readonly id: string } => ({
  kind: key.startsWith("user:") ? "USER" : "VISITOR",
  id: key.slice(key.indexOf(":") + 1),
});

/** True for an id that names nobody: a placeholder, one the tenant blocks, or one of blanks alone. */
export const isBlocked = (id: string, rules: Pick<IdentityRules, "blockedIds">): boolean => {
  const plain = id.trim().toLowerCase();
  return BLOCKED_IDS.has(plain) || rules.blockedIds.includes(plain);
};

/** Checks an id that stands at `where` as ingest would; refuses with BAD_INPUT. */
export const parseId = (id: string, where: string): string => {
  if (id.length === 0 || id.length > MAX_ID)
    throw refuse("BAD_INPUT", `An id has 1 to ${MAX_ID} characters.`, { field: where });
  if (/[\p{Cc}\p{Cs}]/u.test(id))
    throw refuse("BAD_INPUT", "An id holds no control characters and is Unicode text.", { field: where });
  return id;
};
