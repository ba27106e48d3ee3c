import type { Caller } from "@tessera/contracts/caller";
import { linesOfRows } from "../../domain/comparison.ts";
import type { OlapQuery } from "../../domain/query.ts";
import type { GroupLines } from "../../store/behind/behind-sql.ts";
import { readGroups } from "../read-groups.ts";
import type { BehindDeps } from "./behind-lines.ts";

/** Everything but the groups that an answer has rows of, which are read anew, exactly, as the answer reads them; null where there is none. */
export const otherGroups = async (
  deps: BehindDeps,
  caller: Caller,
  asked: OlapQuery,
  signal: AbortSignal | undefined,
): Promise<GroupLines | null> => {
  const asking = { caller, asOfMs: deps.nowMs(), approximate: "NEVER", drawn: asked.drawn, signal } as const;
  const { rows } = await readGroups(deps, asking, asked, null);
  return rows.length === 0 ? null : { query: asked.query, lines: { kind: "EXCEPT", lines: linesOfRows(rows) } };
};
