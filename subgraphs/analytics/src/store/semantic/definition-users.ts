import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { FoundUser, Missed } from "../../domain/semantic/definition-user.ts";

/** Who asks, as far as it decides what of the users they may see. */
export interface UsersViewer {
  /** `KIND:id`. */
  readonly subject: string;
  readonly roles: readonly string[];
  /** Whether all dashboards are seen. */
  readonly all: boolean;
  /** Whether rules and objectives are seen. */
  readonly rules: boolean;
}

/** Who names what, in PostgreSQL. */
export interface DefinitionUserStore {
  /** What names a thing now, those that would miss it first, at most `first`. Definitions that refer to a definition are told by the definitions themselves. */
  users(tenantId: TenantId, missed: Missed, viewer: UsersViewer, first: number): Promise<readonly FoundUser[]>;
}

/** Where documents name a thing: `any` finds all of these places, `now` those that name no version. */
interface Places {
  readonly any: string;
  readonly now: string;
}
const UNPINNED = "!(@.version >= 1)";
const SAVED = '@.savedQuery.name == $name || @.kind == "SAVED_QUERY" && @.input.name == $name';
const SAVED_NOW =
  '@.savedQuery.name == $name && !(@.savedQuery.version >= 1) || @.kind == "SAVED_QUERY" && @.input.name == $name && !(@.input.version >= 1)';
const ID: Places = { any: "$.** ? (@ == $name)", now: "$.** ? (@ == $name)" };
const PLACES: Readonly<Record<Missed["kind"], Places>> = {
  METRIC: {
    any: "$.**.metrics[*] ? (@.name == $name)",
    now: `$.**.metrics[*] ? (@.name == $name && ${UNPINNED})`,
  },
  SEGMENT: {
    any: "$.**.segments[*] ? (@.name == $name)",
    now: `$.**.segments[*] ? (@.name == $name && ${UNPINNED})`,
  },
  SAVED_QUERY: { any: `$.** ? (${SAVED})`, now: `$.** ? (${SAVED_NOW})` },
  DIMENSION: { any: "$.** ? (@ == $name || @ starts with $pinned)", now: "$.** ? (@ == $name)" },
  ...{ COHORT: ID, EXPECTATION: ID },
};

/** Definitions: what of them refers to another is kept with each of them. */
const DEFINITIONS = ["METRIC", "SEGMENT", "SAVED_QUERY", "HIERARCHY", "DIMENSION"];
/** Kinds that keep what dimensions mean with what they are. */
const KEEPERS = ["COHORT", "CORRELATION_RULE", "ROLLUP"];

/** How documents write what a thing is named by: dimensions as questions do. */
const writtenAs = (missed: Missed): string => {
  if (!("name" in missed)) return missed.id;
  return missed.kind === "DIMENSION" ? `dimensions.${missed.name}` : missed.name;
};

/** What names a thing now. Ids are compared in lower case, however they were sent. */
export const definitionUsersOfStatement = (
  tenantId: TenantId,
  missed: Missed,
  viewer: UsersViewer,
  first: number,
): SqlStatement => {
  const [byId, name] = [!("name" in missed), writtenAs(missed)];
  const { any, now } = PLACES[missed.kind];
  return {
    name: "users-of-definition",
    text: `SELECT kind, id, follows, CASE
         WHEN kind IN ('RULE', 'OBJECTIVE') THEN CASE WHEN $11 THEN name END
         WHEN owner IS NULL OR $8 OR owner = $9 OR 'TENANT' = ANY (scopes) OR roles && $10::text[] THEN name
       END AS name
     FROM (
       SELECT kind, id, name, owner, scopes, roles,
         jsonb_path_exists(content, $6::jsonpath, $7::jsonb) AND NOT ($12 AND kind = ANY ($13::text[])) AS follows
       FROM (SELECT *, CASE WHEN $3 THEN lower(document::text)::jsonb ELSE document END AS content FROM naming_document
         WHERE tenant_id = $1 AND id <> $2::uuid AND ($3 OR kind <> ALL ($14::text[])) AND strpos(lower(document::text), lower($4)) > 0) named
       WHERE jsonb_path_exists(content, $5::jsonpath, $7::jsonb)
     ) found ORDER BY follows DESC, kind, found.name COLLATE "C", id LIMIT $15`,
    params: [
      ...[tenantId, missed.id, byId, name, any, now, JSON.stringify({ name, pinned: `${name}@` })],
      ...[viewer.all, viewer.subject, viewer.roles, viewer.rules],
      ...[missed.kind === "DIMENSION", KEEPERS, DEFINITIONS, first],
    ],
  };
};

const userRow = (row: unknown): FoundUser =>
  z
    .object({
      kind: z.enum([
        ...(["METRIC", "SEGMENT", "SAVED_QUERY", "HIERARCHY", "DIMENSION"] as const),
        ...(["COHORT", "CORRELATION_RULE", "ROLLUP", "DASHBOARD", "RULE", "OBJECTIVE"] as const),
      ]),
      ...{ id: z.string(), name: z.string().nullable(), follows: z.boolean() },
    })
    .parse(row);

/** Builds {@link DefinitionUserStore}. */
export const createDefinitionUserStore = ({ sql }: { readonly sql: TenantSql }): DefinitionUserStore => ({
  users: (tenantId, missed, viewer, first) =>
    sql.run(tenantId, definitionUsersOfStatement(tenantId, missed, viewer, first), userRow),
});
