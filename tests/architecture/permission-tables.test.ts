import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { type DocumentNode, Kind, parse } from "graphql";
import { z } from "zod";
import { readSdlFiles } from "./sdl-files.ts";
import { ROOT } from "./text-files.ts";

const exported = z.object({ permissions: z.record(z.string(), z.unknown()) });
const ROOT_TYPES = new Set(["Query", "Mutation", "Subscription"]);

/** `Type.field` of every field an SDL defines. */
const fieldsOf = (sdl: DocumentNode): readonly string[] =>
  sdl.definitions.flatMap((definition) =>
    definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.OBJECT_TYPE_EXTENSION
      ? (definition.fields ?? []).map((field) => `${definition.name.value}.${field.name.value}`)
      : [],
  );

const isRootField = (field: string): boolean => ROOT_TYPES.has(field.split(".")[0] ?? "");

/** What is missing in a permission table, and what it names that the SDL does not have. */
const gapsIn = (sdl: string, table: Readonly<Record<string, unknown>>): readonly string[] => {
  const fields = new Set(fieldsOf(parse(sdl)));
  return [
    ...[...fields]
      .filter((field) => isRootField(field) && !(field in table))
      .map((field) => `${field} has no permission`),
    ...Object.keys(table)
      .filter((field) => !fields.has(field))
      .map((field) => `${field} is not in the schema`),
  ];
};

const tableOf = async (subgraph: string): Promise<Readonly<Record<string, unknown>> | null> => {
  if (!existsSync(join(ROOT, `subgraphs/${subgraph}/src/permissions.ts`))) return null;
  const module: unknown = await import(`../../subgraphs/${subgraph}/src/permissions.ts`);
  return exported.parse(module).permissions;
};

describe("every root field of every subgraph has its permission", () => {
  it("holds for the tables in subgraphs/*/src/permissions.ts", async () => {
    const found: string[] = [];
    for (const { subgraph, sdl } of readSdlFiles()) {
      const where = `subgraphs/${subgraph}/src/permissions.ts`;
      const table = await tableOf(subgraph);
      if (table === null) found.push(`${where}: missing; export const permissions = { "Query.field": "room:verb" }`);
      else found.push(...gapsIn(sdl, table).map((gap) => `${where}: ${gap}`));
    }
    expect(found).toEqual([]);
  });

  const sdl = `type Query { items: [Item!]! } extend type Mutation { addItem: Item! }
    type Subscription { items: Item! } type Item { id: ID! price: Int! }`;
  const complete = {
    "Query.items": "ml:read",
    "Mutation.addItem": "ml:read",
    "Subscription.items": "ml:read",
    "Item.price": "ml:read",
  };

  it("accepts a complete table, with or without sensitive fields", () => {
    expect(gapsIn(sdl, complete)).toEqual([]);
  });

  it("catches a root field without one, of queries, mutations and subscriptions alike", () => {
    expect(gapsIn(sdl, { "Item.price": "ml:read" })).toEqual([
      "Query.items has no permission",
      "Mutation.addItem has no permission",
      "Subscription.items has no permission",
    ]);
  });

  it("catches a permission for a field that is gone", () => {
    expect(gapsIn(sdl, { ...complete, "Query.old": "ml:read", "Item.cost": "ml:read" })).toEqual([
      "Query.old is not in the schema",
      "Item.cost is not in the schema",
    ]);
  });
});
