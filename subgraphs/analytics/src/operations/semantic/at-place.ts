import { Refusal, refuse } from "@tessera/platform/errors/refusal";

/** Gives a refusal's place within a question its place within what was sent; parsers say `input`, some of them with the question's field. */
export const atPlace = async <T>(field: string, to: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    const [said, root, ...rest] = error instanceof Refusal ? [error, ...(error.extras.field ?? "").split(".")] : [];
    if (said === undefined || root !== "input") throw error;
    const inner = rest[0] === field ? rest.slice(1) : rest;
    throw refuse(said.code, said.message, { ...said.extras, field: [to, ...inner].join(".") }, error);
  }
};
