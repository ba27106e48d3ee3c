import { z } from "zod";
import type { Identity } from "../../domain/people/links.ts";
import type { IdentityKey } from "../../domain/people/identity.ts";
import type { CopiedPerson, IdentityOfPerson, KnownIdentity, PeopleChange, PeopleState } from "./people-store-types.ts";

const key = z.string().transform((text, context): IdentityKey => {
  if (text.startsWith("user:")) return `user:${text.slice(5)}`;
  if (text.startsWith("visitor:")) return `visitor:${text.slice(8)}`;
  context.addIssue("not an identity");
  return z.NEVER;
});

const identity = z
  .object({
    ...{ identity: key, person: z.string(), parent: key.nullable(), root: key },
    ...{ held_apart: z.boolean(), shared: z.boolean(), seen_users: z.array(z.string()), size: z.number() },
  })
  .transform((row): Identity & { readonly person: string } => ({
    ...{ key: row.identity, person: row.person, parent: row.parent, root: row.root, size: row.size },
    ...{ heldApart: row.held_apart, shared: row.shared, seenUsers: row.seen_users },
  }));
/** Parses what is known of an id. */
export const identityRow = (row: unknown): KnownIdentity => identity.parse(row);

const state = z
  .object({
    version: z.coerce.number(),
    copied_version: z.coerce.number(),
    link_from: z.enum(["IDENTIFY_EVENTS", "ALL_EVENTS", "NOTHING"]),
    shared_from_users: z.number().nullable(),
    blocked_ids: z.array(z.string()),
    links: z.coerce.number(),
  })
  .transform((row): PeopleState => ({
    ...{ version: row.version, copiedVersion: row.copied_version, links: row.links },
    rules: { linkFrom: row.link_from, sharedFromUsers: row.shared_from_users, blockedIds: row.blocked_ids },
  }));
/** Parses the state of a tenant's people. */
export const stateRow = (row: unknown): PeopleState => state.parse(row);

const change = z
  .object({
    ...{ version: z.coerce.number(), action: z.enum(["LINKED", "MERGED", "SEPARATED", "SHARED"]) },
    ...{ identity: key, other: key, reason: z.string(), made_by: z.string(), made_at: z.coerce.date() },
  })
  .transform(({ made_by, made_at, ...row }): PeopleChange => ({ ...row, by: made_by, atMs: made_at.getTime() }));
/** Parses a change. */
export const changeRow = (row: unknown): PeopleChange => change.parse(row);

const copied = z.object({ person: z.string(), canonical: z.string(), version: z.coerce.number() });
/** Parses whom an id counts as. */
export const copiedRow = (row: unknown): CopiedPerson => copied.parse(row);

const ofPerson = z
  .object({ asked: z.string(), identity: key, person: z.string(), counts_as: z.string() })
  .transform((row): IdentityOfPerson => ({
    ...{ asked: row.asked, key: row.identity, person: row.person },
    countsAs: row.counts_as,
  }));
/** Parses an id of a person. */
export const ofPersonRow = (row: unknown): IdentityOfPerson => ofPerson.parse(row);
