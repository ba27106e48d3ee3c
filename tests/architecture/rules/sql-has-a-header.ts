import type { Rule } from "../rule.ts";

/** The first line names the statement, its parameters and its order: `-- findOpenAnomalies(tenantId, limit): newest first`. */
const HEADER = /^-- \S+(\s+\S+){2,}/;

/** Who reads a statement knows what it answers before reading how. */
export const rule: Rule = {
  title: "every SQL file begins with a comment that says what it answers",
  remedy: "begin the file with `-- name(parameters): what it returns or makes, in which order`",
  check: ({ texts }) =>
    texts
      .filter(({ path, text }) => path.endsWith(".sql") && !HEADER.test(text))
      .map(({ path }) => ({ where: `${path}:1`, what: "no header comment" })),
  caught: [{ "subgraphs/ml/src/store/sql/find-items.sql": "SELECT 1" }, { "ingest/sql/a.sql": "--\nSELECT 1" }],
  allowed: [
    { "subgraphs/ml/src/store/sql/find-items.sql": "-- findItems(tenantId, limit): most frequent first\nSELECT 1" },
  ],
};
