import type { Caller } from "@tessera/contracts/caller";
import type { OlapInput } from "../src/domain/query.ts";
import type { OlapPage, queryOlapPage } from "../src/operations/delivery/query-olap-page.ts";
import { rowsOf } from "./flatten-answer.ts";

/** Pages after which an answer should have ended. */
const MAX_PAGES = 500;

/** A question as the graph delivers it: with every default. */
export const complete = (input: OlapInput): OlapInput => ({
  ...{ dimensions: [], granularity: "NONE", timeZone: "UTC", orderBy: [], limit: 1_000, having: [], filter: null },
  ...input,
  measures: input.measures.map((measure) => ({ exact: false, ...measure })),
});

/** All pages of a question, with what happens between them. */
export const allPages = async (
  page: ReturnType<typeof queryOlapPage>,
  caller: Caller,
  input: OlapInput,
  first: number,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<readonly OlapPage[]> => {
  const pages: OlapPage[] = [];
  for (let after: string | null = null; pages.length < MAX_PAGES;) {
    const next: OlapPage = await page(caller, { input, rows: first, after });
    pages.push(next);
    if (!next.hasNextPage) return pages;
    after = next.endCursor;
    await between();
  }
  throw new Error("The pages do not end.");
};
/** Rows of pages, in their order, as the reference writes them. */
export const rowsIn = (
  pages: readonly Pick<OlapPage, "columns" | "rowCount">[],
  { granularity, timeZone }: OlapInput,
) => pages.flatMap(({ columns, rowCount }) => rowsOf(columns, rowCount, granularity ?? "NONE", timeZone ?? "UTC"));
