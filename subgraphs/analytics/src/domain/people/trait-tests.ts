import { refuse } from "@tessera/platform/errors/refusal";
import { TRAIT_LIMITS } from "./traits.ts";

/** Tests of traits in one place of a question. */
const MAX_TESTS = 10;

/** What a trait must be, as the graph delivers it. */
export interface TraitTestInput {
  readonly trait: string;
  readonly eq?: unknown;
  readonly exists?: boolean | null | undefined;
}

/** What somebody's trait, or an account's, must be. */
export interface TraitTest {
  readonly trait: string;
  /** JSON text the trait must equal; null: it must be there, or (`exists` false) must not. */
  readonly equals: string | null;
  readonly exists: boolean;
}

const parseTest = ({ trait, eq, exists }: TraitTestInput, where: string): TraitTest => {
  if (trait.length === 0 || trait.length > TRAIT_LIMITS.nameCharacters)
    throw refuse("BAD_INPUT", `The name of a trait has 1 to ${TRAIT_LIMITS.nameCharacters} characters.`, {
      field: `${where}.trait`,
    });
  const [equal, there] = [eq ?? null, exists ?? null];
  if ((equal === null) === (there === null))
    throw refuse("BAD_INPUT", "A trait is tested by exactly one of `eq` and `exists`.", { field: where });
  return { trait, equals: equal === null ? null : JSON.stringify(equal), exists: there ?? true };
};

/** Reads tests of traits that stand at `where`; refuses with BAD_INPUT. */
export const parseTraitTests = (inputs: readonly TraitTestInput[], where: string): readonly TraitTest[] => {
  if (inputs.length > MAX_TESTS)
    throw refuse("BAD_INPUT", `At most ${MAX_TESTS} traits are tested at once.`, { field: where });
  return inputs.map((input, at) => parseTest(input, `${where}.${at}`));
};
