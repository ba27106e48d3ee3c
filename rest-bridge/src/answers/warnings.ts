import { Type } from "typebox";

/** What is missing from an answer that is otherwise complete. */
export const warningsSchema = Type.Optional(
  Type.Array(
    Type.Object({
      code: Type.String({ description: "A code of the error table." }),
      detail: Type.String({ description: "What happened, in words." }),
      path: Type.String({ description: "The part of the answer that is missing." }),
    }),
    { description: "What is missing from an answer that is otherwise complete; left out when nothing is." },
  ),
);
