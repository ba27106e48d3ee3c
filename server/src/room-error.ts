import { isErrorCode, type ErrorCode } from "@tessera/platform/errors/error-codes";
import { refuse } from "@tessera/platform/errors/refusal";
import { z } from "zod";

const told = z.object({
  message: z.string(),
  extensions: z.object({ code: z.custom<ErrorCode>(isErrorCode), field: z.string().optional() }),
});

/** What one room makes of an error of another: what it refuses is for whoever asked; everything else they can only wait out. `what` can't be asked for then. */
export const meaningOf = (what: string, error: unknown): Error => {
  const known = told.safeParse(error);
  if (!known.success || known.data.extensions.code === "INTERNAL")
    return refuse("DEPENDENCY_UNAVAILABLE", `${what} can't be asked at the moment.`, { retryAfterSeconds: 2 }, error);
  const { code, field } = known.data.extensions;
  return refuse(code, known.data.message, field === undefined ? {} : { field }, error);
};
