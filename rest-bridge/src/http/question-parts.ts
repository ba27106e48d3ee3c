import { Type } from "typebox";
import { from } from "./graphql-annotation.ts";

/** The tenant a question names: the caller's own, or it is refused. */
export const tenantIdSchema = Type.Optional(
  Type.String({
    format: "uuid",
    description: "The caller's own tenant, which is also the default; another is refused.",
  }),
);

/** A range of time, described as the graph describes the input it stands for. */
export const rangeSchema = (coordinate: string) =>
  Type.Object(
    {
      from: Type.String({ format: "date-time", ...from("TimeRangeInput.from") }),
      to: Type.String({ format: "date-time", ...from("TimeRangeInput.to") }),
    },
    { additionalProperties: false, ...from(coordinate) },
  );
