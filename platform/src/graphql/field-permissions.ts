import { isObjectType, type GraphQLSchema } from "graphql";
import { applyMiddleware, type IMiddlewareGenerator } from "graphql-middleware";
import { allow, deny, rule, shield } from "graphql-shield";
import type { Caller } from "@tessera/contracts/caller";
import type { Permission } from "@tessera/contracts/permissions";
import { refuse, type Refusal } from "../errors/refusal.ts";

/** What a permission table says of one field: the permission it asks for, or PUBLIC for every known caller but share links. */
export type FieldPermission = Permission | "PUBLIC";

/** `Type.field` -> permission. Root fields must all be named; fields of other types are named when they are sensitive. */
export type PermissionTable = Readonly<Record<string, FieldPermission>>;

/** The part of a context the permission rules look at. */
export interface CallerContext {
  readonly caller: Caller;
}

const ROOTS = ["Query", "Mutation", "Subscription"];
const FEDERATION_FIELDS = ["_service", "_entities"];

const hiddenPart = (field: string): Refusal =>
  refuse("FORBIDDEN", `\`${field}\` tells of all events of the tenant; data policies hide some from the caller.`, {
    field,
  });

/** Refuses with FORBIDDEN what tells of all of the tenant's events to a caller from whom a data policy hides some of them. */
export const requireWholeTenant = (caller: Caller, field: string): void => {
  if (caller.dataPolicy !== null) throw hiddenPart(field);
};

const ruleFor = (field: string, permission: FieldPermission, ofWholeTenant: boolean) =>
  permission === "PUBLIC"
    ? rule(`public:${field}`, { cache: "no_cache" })((_parent: unknown, _args: unknown, { caller }: CallerContext) =>
        // Whoever presents a share link is nobody of the tenant: what names no permission of theirs is not for them.
        caller.subject.kind === "LINK" ? refuse("FORBIDDEN", `\`${field}\` is not for share links.`, { field }) : true,
      )
    : rule(`permission:${permission}:${field}`, { cache: "no_cache" })(
        (_parent: unknown, _args: unknown, { caller }: CallerContext) => {
          if (!caller.permissions.has(permission))
            return refuse("FORBIDDEN", `\`${field}\` needs the permission ${permission}.`, { field, permission });
          // A rule answers its refusal: what it throws is taken for a mistake of ours.
          return ofWholeTenant && caller.dataPolicy !== null ? hiddenPart(field) : true;
        },
      );

type FieldRule = ReturnType<typeof ruleFor> | typeof allow | typeof deny;

const isRoot = (type: string): boolean => ROOTS.includes(type);

/**
 * A rule stands before the `resolve` of a field that has one, else before its `subscribe`. A subscription with both would be let in and only
 * refused at its first event, so that such a field does not build.
 */
const refuseLateRules = (schema: GraphQLSchema): void => {
  const type = schema.getSubscriptionType();
  const late = Object.values(type?.getFields() ?? {}).find(({ resolve }) => resolve !== undefined);
  if (late !== undefined)
    throw new Error(
      `Subscription.${late.name} has a \`resolve\`: map its events in \`subscribe\`, where permission is asked.`,
    );
};

const isObjectEntry = (entry: [string, unknown]): entry is [string, object] =>
  typeof entry[1] === "object" && entry[1] !== null;

/** The graphql-shield tree of a table: root fields by the table and denied otherwise; other fields allowed unless the table names them. */
const treeOf = (schema: GraphQLSchema, table: PermissionTable, wholeTenant: ReadonlySet<string>) => {
  const tree: Record<string, Record<string, FieldRule>> = {};
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    const rules: Record<string, FieldRule> = {};
    for (const field of Object.keys(type.getFields())) {
      const permission = table[`${type.name}.${field}`];
      const open = !isRoot(type.name) || FEDERATION_FIELDS.includes(field);
      rules[field] =
        permission === undefined
          ? open
            ? allow
            : deny
          : ruleFor(`${type.name}.${field}`, permission, wholeTenant.has(`${type.name}.${field}`));
    }
    tree[type.name] = rules;
  }
  return tree;
};

/**
 * Compiles a permission table into graphql-shield and applies it; fields that are open to every known caller are left unwrapped, so that
 * they cost nothing. Anything the table does not know is denied. `wholeTenantFields` are refused to callers under a data policy.
 */
export const withPermissions = (
  schema: GraphQLSchema,
  table: PermissionTable,
  wholeTenantFields: readonly string[] = [],
): GraphQLSchema => {
  refuseLateRules(schema);
  const tree = treeOf(schema, table, new Set(wholeTenantFields));
  const generator: IMiddlewareGenerator<unknown, CallerContext, unknown> = shield(tree, {
    fallbackRule: deny,
    allowExternalErrors: true,
  });
  const types: object = generator.generate(schema);
  const generated = Object.entries(types).filter(isObjectEntry);
  const gated: Record<string, Record<string, unknown>> = {};
  for (const [type, fields] of generated) {
    const kept = Object.entries(fields).filter(([field]) => tree[type]?.[field] !== allow);
    if (kept.length > 0) gated[type] = Object.fromEntries(kept);
  }
  // boundary: graphql-middleware's own generated functions, a subset of what it made itself.
  return applyMiddleware(schema, gated as Parameters<typeof applyMiddleware>[1]);
};
