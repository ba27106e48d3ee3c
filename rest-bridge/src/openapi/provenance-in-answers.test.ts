import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import {
  getNamedType,
  isObjectType,
  Kind,
  parse,
  type DocumentNode,
  type GraphQLObjectType,
  type SelectionSetNode,
} from "graphql";
import { z } from "zod";
import { GRAPHQL_KEYWORD } from "../http/graphql-annotation.ts";
import { snakeCase } from "../http/snake-case.ts";
import { routeDescriptions } from "../routes/descriptions.ts";
import { createGraphDescriptions } from "./graph-descriptions.ts";
import { isJsonObject } from "./openapi-types.ts";

const fileOf = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const { schema } = createGraphDescriptions(fileOf("../../../supergraph.graphql"));
const operations = Object.values(
  z.record(z.string(), z.string()).parse(JSON.parse(fileOf("../generated/persisted-documents.json"))),
).map((text) => parse(text));

/** Types that say where something comes from, or by which versions it was computed. */
const ORIGINS = new Set(["Provenance", "ObjectiveProvenance", "DefinitionUse", "UsedDefinition", "CohortUse"]);
/** Fields by which a thing is named where it is not what was asked about. */
const NAMING = new Set(["id", "name", "__typename"]);
/** Why a field need not be shown. */
const TOLD_ELSEWHERE: Readonly<Record<string, string>> = {
  "OlapResult.definitions": "`provenance.definitions` tells them, and more",
  "ObjectiveGroups.readFrom": "the `read_from` of every group's status, and of the whole, tells it",
  "OlapPage.definitions": "`provenance.definitions` tells them, and more",
};

/** Fields of a type that say where it comes from. */
const originsOf = (type: GraphQLObjectType): readonly string[] =>
  Object.values(type.getFields())
    .filter(({ name, type: below }) => {
      const named = getNamedType(below).name;
      return ORIGINS.has(named) && !(`${type.name}.${name}` in TOLD_ELSEWHERE);
    })
    .map(({ name }) => name);

/** What a document asks of each place, fragments put in. */
const asked = (document: DocumentNode): { readonly type: string; readonly fields: ReadonlySet<string> }[] => {
  const places: { readonly type: string; readonly fields: ReadonlySet<string> }[] = [];
  const selectionsOf = (name: string): SelectionSetNode => {
    const found = document.definitions.find(
      (definition) => definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name,
    );
    if (found?.kind !== Kind.FRAGMENT_DEFINITION) throw new Error(`No fragment ${name}.`);
    return found.selectionSet;
  };
  const walk = (typeName: string, sets: readonly SelectionSetNode[]): void => {
    const fields = new Map<string, SelectionSetNode[]>();
    const gather = (set: SelectionSetNode, of: string): void => {
      for (const selection of set.selections) {
        if (selection.kind === Kind.FIELD) {
          const below = fields.get(selection.name.value) ?? [];
          fields.set(selection.name.value, [...below, ...(selection.selectionSet ? [selection.selectionSet] : [])]);
        } else if (selection.kind === Kind.FRAGMENT_SPREAD) gather(selectionsOf(selection.name.value), of);
        else {
          const condition = selection.typeCondition?.name.value ?? of;
          if (condition === of) gather(selection.selectionSet, of);
          else walk(condition, [selection.selectionSet]);
        }
      }
    };
    sets.forEach((set) => gather(set, typeName));
    places.push({ type: typeName, fields: new Set(fields.keys()) });
    const type = schema.getType(typeName);
    if (!isObjectType(type)) return;
    for (const [name, below] of fields) {
      const field = type.getFields()[name];
      if (field !== undefined && below.length > 0) walk(getNamedType(field.type).name, below);
    }
  };
  for (const definition of document.definitions)
    if (definition.kind === Kind.OPERATION_DEFINITION)
      walk(schema.getRootType(definition.operation)?.name ?? "", [definition.selectionSet]);
  return places;
};

/** Objects of a schema that tell fields of types of the graph, with the names of their members. */
const toldBy = (part: unknown): { readonly type: string; readonly told: Set<string>; readonly members: string[] }[] => {
  if (Array.isArray(part)) return part.flatMap(toldBy);
  if (!isJsonObject(part)) return [];
  const below = Object.values(part).flatMap(toldBy);
  const { properties } = part;
  if (!isJsonObject(properties)) return below;
  const told = new Map<string, Set<string>>();
  for (const property of Object.values(properties)) {
    const coordinate = isJsonObject(property) ? property[GRAPHQL_KEYWORD] : undefined;
    const [type = "", field = ""] = typeof coordinate === "string" ? coordinate.split(".") : [];
    if (field !== "") told.set(type, (told.get(type) ?? new Set()).add(field));
  }
  const members = Object.keys(properties);
  return [...below, ...[...told].map(([type, fields]) => ({ type, told: fields, members }))];
};

const isNamed = (fields: ReadonlySet<string>): boolean => [...fields].every((name) => NAMING.has(name));

describe("every answer over REST", () => {
  it("asks the graph for all that says where it comes from, and by which versions it was computed", () => {
    const places = operations.flatMap(asked);
    const missing = places.flatMap(({ type: name, fields }) => {
      const type = schema.getType(name);
      if (!isObjectType(type) || isNamed(fields)) return [];
      return originsOf(type)
        .filter((origin) => !fields.has(origin))
        .map((origin) => `${name}.${origin}`);
    });
    expect(missing).toEqual([]);
    const seen = new Set(places.map(({ type }) => type));
    expect(["Provenance", "UsedDefinition", "DefinitionUse", "Cohort"].filter((name) => !seen.has(name))).toEqual([]);
  });

  it("tells it: in the body, and of streams in the headers", () => {
    const missing = routeDescriptions.flatMap(({ path, answers, tag }) =>
      Object.values(answers).flatMap(({ schema: answer, mediaType, headers }) => {
        const streams = tag === "Analytics" && mediaType !== undefined && path.startsWith("/api/v2/analytics/");
        const unsaid = streams && headers?.["tessera-provenance"] === undefined ? [`${path}: tessera-provenance`] : [];
        const untold = toldBy(answer).flatMap(({ type: name, told, members }) => {
          const type = schema.getType(name);
          if (!isObjectType(type) || name === "Provenance" || isNamed(told)) return [];
          return originsOf(type)
            .filter((origin) => !members.includes(snakeCase(origin)))
            .map((origin) => `${path}: ${name}.${origin}`);
        });
        return [...unsaid, ...untold];
      }),
    );
    expect(missing).toEqual([]);
  });
});
