import type { Caller } from "@tessera/contracts/caller";
import { accessIn } from "../../domain/access-in.ts";
import { accessOf } from "../../domain/access.ts";
import { QUESTIONS } from "../../domain/dashboards/question.ts";
import { parseOlapQuestion } from "../../domain/olap-question.ts";
import { parseTimeSeries } from "../../domain/query.ts";
import type { AskedOlap, AskedTimeSeries } from "../../domain/semantic/asked-question.ts";
import type { BehaviourQuestion, DefinitionUse, Description, SavedQuestion } from "../../domain/semantic/definition.ts";
import type { DefinitionReader, Draft } from "../../store/semantic/definition-store-types.ts";
import { atRange } from "../at-range.ts";
import { atPlace } from "./at-place.ts";
import { meaningsIn } from "./own-dimensions.ts";
import { breakdownOf, parseBehaviour } from "./parse-behaviour.ts";
import { keptAsFound } from "./saved-expectations.ts";
import { resolveWith, segmentsOf } from "./resolve-question.ts";

/** What a question was found to name. */
interface Named {
  /** Versions of all it is computed by. */
  readonly definitions: readonly DefinitionUse[];
  /** Ids of what it names itself. */
  readonly namedIds: readonly string[];
}

const checkBehaviour = async (
  reader: DefinitionReader,
  caller: Caller,
  question: BehaviourQuestion,
  nowMs: number,
): Promise<Named> => {
  const segments = await segmentsOf(reader, breakdownOf(question)?.segments ?? [], "input.breakdown.segments");
  const filters = segments.map(({ content }) => content.filter);
  const { meanings, uses, ids } = await meaningsIn(reader, [question.input, filters]);
  const named = { ...question, input: { ...question.input, meanings } };
  parseBehaviour(named, segments, accessIn(accessOf(caller), { meanings }), nowMs);
  return {
    definitions: [...segments.map(({ kind, name, version }) => ({ kind, name, version })), ...uses],
    namedIds: [...new Set([...segments.map(({ id }) => id), ...ids])],
  };
};

/** Validates a question as asking it at `nowMs` would; answers what it names. Refuses with BAD_INPUT or FORBIDDEN at its place under `input`. */
export const checkSaved = async (
  reader: DefinitionReader,
  caller: Caller,
  nowMs: number,
  question: SavedQuestion,
): Promise<Named> => {
  const access = accessOf(caller);
  switch (question.kind) {
    case "OLAP":
      return atPlace("olap", "input.olap", async () => {
        const asked = atRange<AskedOlap>(question.input, nowMs);
        const resolved = await resolveWith(reader, caller, asked);
        parseOlapQuestion(resolved.input, access);
        return resolved;
      });
    case "TIME_SERIES":
      return atPlace("timeSeries", "input.timeSeries", async () => {
        const asked = atRange<AskedTimeSeries>(question.input, nowMs);
        const resolved = await resolveWith(reader, caller, asked);
        parseTimeSeries(resolved.input, access);
        return resolved;
      });
    default: {
      const { field } = QUESTIONS[question.kind];
      return atPlace(field, `input.${field}`, () => checkBehaviour(reader, caller, question, nowMs));
    }
  }
};

/** A version of a saved query to be, of a question that asking it at `nowMs` would not refuse, with the kept expectations `found` that it names; pinned to all that it names now. */
export const draftQuery = async (
  reader: DefinitionReader,
  caller: Caller,
  nowMs: number,
  described: Description,
  { question, found, pinned }: Record<"question" | "found", SavedQuestion> & { readonly pinned: boolean },
): Promise<Draft> => {
  const { definitions, namedIds } = await checkSaved(reader, caller, nowMs, found);
  const kept = keptAsFound(question, found, pinned);
  return { content: { ...described, question: kept, pins: pinned ? definitions : null }, refersTo: namedIds };
};
