import { GraphQLSchema, isObjectType } from "graphql";
import { applyMiddleware, type IMiddlewareGenerator } from "graphql-middleware";
import { allow, deny, rule, shield } from "graphql-shield";
import type { Caller } from "@tessera/contracts/caller";
import type { Permission } from "@tessera/contracts/permissions";
import { refuse } from "../errors/refusal.ts";

/** What a permission table says of one field: the permission it asks for, or PUBLIC for every known caller. */
export type FieldPermission = Permission | "PUBLIC";

/** `Type.field` -> permission. Root fields must all be named; fields of other types are named when they are sensitive. */
export type PermissionTable = Readonly<Record<string, FieldPermission>>;

/** The part of a context the permission rules look at. */
export interface CallerContext {
  readonly caller: Caller;
}

const ROOTS = ["Query", "Mutation", "Subscription"];
const FEDERATION_FIELDS = ["_service", "_entities"];

const ruleFor = (field: string, permission: FieldPermission) =>
  permission === "PUBLIC"
    ? allow
    : rule(`permission:${permission}:${field}`, { cache: "no_cache" })(
        (_parent: unknown, _args: unknown, context: CallerContext) =>
          context.caller.permissions.has(permission)
            ? true
            : refuse("FORBIDDEN", `\`${field}\` needs the permission ${permission}.`, { field, permission }),
      );

const isRoot = (type: string): boolean => ROOTS.includes(type);

/** The graphql-shield tree of a table: root fields by the table and denied otherwise; other fields allowed unless the table names them. */
const treeOf = (schema: GraphQLSchema, table: PermissionTable) => {
  const tree: Record<string, Record<string, ReturnType<typeof ruleFor>>> = {};
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    const rules: Record<string, ReturnType<typeof ruleFor>> = {};
    for (const field of Object.keys(type.getFields())) {
      const permission = table[`${type.name}.${field}`];
      const open = !isRoot(type.name) || FEDERATION_FIELDS.includes(field);
      rules[field] = permission === undefined ? (open ? allow : deny) : ruleFor(`${type.name}.${field}`, permission);
    }
    tree[type.name] = rules;
  }
  return tree;
};

/**
 * Compiles a permission table into graphql-shield and applies it; fields that are open to every known caller are left unwrapped, so that
 * they cost nothing. Anything the table does not know is denied.
 */
export const withPermissions = (schema: GraphQLSchema, table: PermissionTable): GraphQLSchema => {
  const tree = treeOf(schema, table);
  const generator: IMiddlewareGenerator<unknown, CallerContext, unknown> = shield(tree, {
    fallbackRule: deny,
    allowExternalErrors: true,
  });
  const generated = generator.generate(schema);
  const gated: Record<string, Record<string, unknown>> = {};
  for (const [type, fields] of Object.entries(generated)) {
    const kept = Object.entries(fields).filter(([field]) => tree[type]?.[field] !== allow);
    if (kept.length > 0) gated[type] = Object.fromEntries(kept);
  }
  // boundary: graphql-middleware's own generated functions, a subset of what it made itself.
  return applyMiddleware(schema, gated as Parameters<typeof applyMiddleware>[1]);
};
