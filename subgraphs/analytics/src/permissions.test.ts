import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { isObjectType, buildASTSchema, parse } from "graphql";
import { permissions } from "./permissions.ts";

test("every root field of the SDL asks for a permission, and every permission is of a field there is", () => {
  const sdl = readFileSync(new URL("../schema.graphql", import.meta.url), "utf8");
  const schema = buildASTSchema(parse(sdl), { assumeValidSDL: true });
  const fieldsOf = (type: string): readonly string[] => {
    const object = schema.getType(type);
    return isObjectType(object) ? Object.keys(object.getFields()).map((field) => `${type}.${field}`) : [];
  };
  const roots = ["Query", "Mutation", "Subscription"].flatMap(fieldsOf);
  const named = Object.keys(permissions);
  expect(roots.filter((field) => !named.includes(field))).toEqual([]);
  expect(named.filter((field) => !fieldsOf(field.split(".")[0] ?? "").includes(field))).toEqual([]);
});
