import { Refusal } from "@tessera/platform/errors/refusal";

/** How work was refused: its code, the place in the input and the sentence. Throws when it was not. */
export const refusedBy = async (
  work: Promise<unknown>,
): Promise<{ readonly code: string; readonly field: unknown; readonly detail: string }> => {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Refusal)) throw new Error("Nothing was refused.", { cause: error });
  return { code: error.code, field: error.extras.field, detail: error.message };
};
