import type { TenantId } from "@tessera/contracts/ids";
import type { QuestionKind } from "../../domain/dashboards/question.ts";
import type { EventQualityInput } from "../../domain/quality/event-quality.ts";
import type { SavedQuestion } from "../../domain/semantic/definition.ts";
import { findKept, type FindKeptDeps } from "../quality/find-kept.ts";

/** A question by its kind; `input` is of the type that its kind has in the SDL. */
interface OfKind {
  readonly kind: QuestionKind;
  readonly input: object;
}

/** A question beside which stands what the kept expectations are that it names; refuses with BAD_INPUT, at their place under `where`, what there is not. */
export const withExpectations = async <Asked extends OfKind>(
  deps: Pick<FindKeptDeps, "expectations">,
  { tenantId }: { readonly tenantId: TenantId },
  question: Asked,
  where: string,
): Promise<Asked> => {
  if (question.kind !== "EVENT_QUALITY") return question;
  // boundary: the input was coerced to its type of the SDL.
  const input = question.input as EventQualityInput;
  return { ...question, input: await findKept({ expectations: deps.expectations }, { tenantId }, input, where) };
};

/** A question as it is kept: where it is pinned, kept expectations are named in the versions that were found. */
export const keptAsFound = <Asked extends SavedQuestion>(asked: Asked, found: Asked, pinned: boolean): Asked => {
  if (!pinned || asked.kind !== "EVENT_QUALITY" || found.kind !== "EVENT_QUALITY") return asked;
  const kept = found.input["kept"];
  return kept === undefined ? asked : { ...asked, input: { ...asked.input, kept } };
};
