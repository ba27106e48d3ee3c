import { refuse } from "@tessera/platform/errors/refusal";
import type { FieldAccess } from "../fields.ts";
import { refuseDrawn } from "../asked-sample.ts";
import { MAX_OLAP_ROWS, parseOlap, type OlapInput, type OlapQuery } from "../query.ts";
import { MAX_ANSWER_ROWS } from "./answer-page.ts";

/** The validated question of an answer that is read in pages; all its rows, of which none is estimated. Refuses with BAD_INPUT or FORBIDDEN. */
export const parsePagedQuestion = (input: OlapInput, access: FieldAccess): OlapQuery => {
  const { compare = [], subtotals = [], others = false, fill = "NONE", pivot = null } = input;
  if (compare.length > 0 || subtotals.length > 0 || others || fill !== "NONE" || pivot !== null)
    throw refuse(
      "BAD_INPUT",
      "Pages hold rows and totals: they take no `compare`, `subtotals`, `others`, `fill` or `pivot`.",
      {
        field: "input",
      },
    );
  refuseDrawn(input, "Pages hold every row exactly");
  return { ...parseOlap({ ...input, limit: MAX_OLAP_ROWS }, access), limit: MAX_ANSWER_ROWS, approximate: "NEVER" };
};
