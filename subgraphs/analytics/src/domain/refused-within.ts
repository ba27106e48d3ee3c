import { Refusal, refuse } from "@tessera/platform/errors/refusal";

/** An error of something that stands within another input: a refusal that names a place tells the place that is made of it, everything else is what it was. */
export const refusedWithin = (error: unknown, placeOf: (field: string) => string): unknown => {
  if (!(error instanceof Refusal)) return error;
  const { field } = error.extras;
  if (field === undefined) return error;
  return refuse(error.code, error.message, { ...error.extras, field: placeOf(field) }, error);
};
