import type { Caller } from "@tessera/contracts/caller";
import { parseCount } from "../../domain/query.ts";
import type { AskedShape } from "../../domain/rollups/asked-shape.ts";
import { compileRollup } from "../../domain/rollups/compile-rollup.ts";
import { candidatesOf, proposeRollups, type Proposal } from "../../domain/rollups/propose-rollups.ts";
import type { QuestionLog } from "../../store/rollups/question-log.ts";
import type { ShapeSizes } from "../../store/rollups/shape-sizes.ts";

/** Days of questions that proposals may look at: as long as they are kept. */
const MAX_DAYS = 14;
/** Proposals told at once. */
const MAX_PROPOSALS = 20;

/** What proposing rollups needs. */
export interface ProposeDeps {
  readonly questionLog: QuestionLog;
  readonly shapeSizes: ShapeSizes;
}

/** A rollup that is proposed, by the name it could have; as in the SDL. */
export interface RollupProposal extends Proposal, AskedShape {
  readonly name: string;
  readonly eventsPerDay: number;
}

const nameOf = ({ dimensions, grain }: AskedShape): string => {
  const words = dimensions.map((name) => name.replace(/^properties\./, "").replaceAll(/[^A-Za-z0-9]+/g, "_"));
  return ["by", ...words, grain.toLowerCase()].join("_").slice(0, 64);
};

/** The rollups that would have saved the most rows of what was asked in the last days, each beside those before it. */
export const rollupProposals =
  ({ questionLog, shapeSizes }: ProposeDeps) =>
  async (
    caller: Caller,
    asked: { readonly days: number; readonly first: number },
    signal?: AbortSignal,
  ): Promise<readonly RollupProposal[]> => {
    const days = parseCount(asked.days, "days", MAX_DAYS);
    const first = parseCount(asked.first, "first", MAX_PROPOSALS);
    await questionLog.flush();
    const shapes = await questionLog.asked(caller.tenantId, days);
    const candidates = candidatesOf(shapes);
    if (candidates.length === 0) return [];
    const rollups = candidates.map((shape) => compileRollup({ ...shape, description: "", filter: null }));
    const sizes = await shapeSizes.of(caller.tenantId, rollups, signal);
    if (sizes === null) return [];
    const sized = candidates.map((shape, place) => ({ shape, rowsPerDay: sizes.rows[place] ?? Infinity }));
    return proposeRollups(shapes, sized, first).map((one) => ({
      ...{ ...one, ...one.shape, name: nameOf(one.shape), eventsPerDay: sizes.events },
    }));
  };
