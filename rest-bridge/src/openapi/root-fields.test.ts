import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { Kind, parse } from "graphql";
import { z } from "zod";
import { routeDescriptions } from "../routes/descriptions.ts";

const fileOf = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const ROOTS = new Set(["Query", "Mutation", "Subscription"]);
/** The rooms whose root fields each have an address, or a reason to have none. */
const ROOMS = ["analytics", "anomaly"];

const rootFields = ROOMS.flatMap((room) =>
  parse(fileOf(`subgraphs/${room}/schema.graphql`)).definitions.flatMap((definition) => {
    if (definition.kind !== Kind.OBJECT_TYPE_EXTENSION && definition.kind !== Kind.OBJECT_TYPE_DEFINITION) return [];
    const { name, fields } = definition;
    return ROOTS.has(name.value) ? (fields ?? []).map((field) => `${name.value}.${field.name.value}`) : [];
  }),
);

const persisted = z
  .record(z.string(), z.string())
  .parse(JSON.parse(fileOf("rest-bridge/src/generated/persisted-documents.json")));
const asked = Object.values(persisted).flatMap((text) =>
  parse(text).definitions.flatMap((definition) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION) return [];
    const root = `${definition.operation.charAt(0).toUpperCase()}${definition.operation.slice(1)}`;
    return definition.selectionSet.selections.flatMap((part) =>
      part.kind === Kind.FIELD ? [`${root}.${part.name.value}`] : [],
    );
  }),
);
const routed = new Set([...asked, ...routeDescriptions.flatMap(({ graphql }) => graphql ?? [])]);

/** Rows of the table of what has no address: fields, and the reason. */
const rows = fileOf("docs/rest.md")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .map(([, fields = "", reason = ""]) => ({
    fields: [...fields.matchAll(/`(\w+\.\w+)`/g)].flatMap(([, field]) => field ?? []),
    reason,
  }));
const listed = rows.flatMap(({ fields }) => fields);

describe("a root field of analytics or of anomalies", () => {
  it("has an address, or stands in docs/rest.md with the reason why it has none", () => {
    const told = new Set(listed);
    expect(rootFields.filter((field) => !routed.has(field) && !told.has(field))).toEqual([]);
    expect(rows.filter(({ reason }) => reason.length < 10)).toEqual([]);
  });

  it("stands there once, only while it is there, and not when it has an address", () => {
    const known = new Set(rootFields);
    expect(listed.filter((field) => !known.has(field) || routed.has(field))).toEqual([]);
    expect(listed.filter((field, place) => listed.indexOf(field) !== place)).toEqual([]);
  });
});
