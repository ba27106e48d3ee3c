/** The text of anything thrown, for logs and for adding meaning; an AggregateError (Node's refused connection) tells its parts. */
export const errorMessage = (thrown: unknown): string => {
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return thrown.errors.map(errorMessage).join("; ");
  if (!(thrown instanceof Error)) return String(thrown);
  const code = "code" in thrown && typeof thrown.code === "string" ? `${thrown.code}: ` : "";
  return `${code}${thrown.message}`;
};
