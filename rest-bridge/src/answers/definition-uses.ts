import { Type, type TSchemaOptions } from "typebox";
import { from } from "../http/graphql-annotation.ts";

/** Versions of definitions that something is kept with. */
export const definitionUsesSchema = (options: TSchemaOptions) =>
  Type.Array(
    Type.Object(
      {
        kind: Type.Enum(["metric", "segment", "saved_query", "hierarchy", "dimension"], from("DefinitionUse.kind")),
        name: Type.String(from("DefinitionUse.name")),
        version: Type.Integer(from("DefinitionUse.version")),
      },
      from("DefinitionUse"),
    ),
    options,
  );
