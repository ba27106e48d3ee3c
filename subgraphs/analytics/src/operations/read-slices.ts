import type { Cost } from "../domain/provenance.ts";
import type { Pace } from "./effort.ts";

/** Slices the store reads at a time: one alone leaves it idle while its rows travel; more would only wait for one another. */
const READ_AHEAD = 2;

/** Reads slice by slice and hands over each answer while the store reads the next slices, so that memory holds three whatever there is; answers the costs. */
export const readSlices = async <Slice, Answer extends { readonly statistics: Cost }>(
  slices: readonly Slice[],
  ask: (slice: Slice) => Promise<Answer>,
  take: (answer: Answer, slice: Slice) => Promise<void>,
  pace: Pace,
): Promise<readonly Cost[]> => {
  const costs: Cost[] = [];
  const read = (slice: Slice): Promise<Answer> => {
    const reading = ask(slice);
    // A slice that fails while one before it is counted is told when its turn comes.
    reading.catch(() => undefined);
    return reading;
  };
  const ahead = slices.slice(0, READ_AHEAD).map(read);
  for (const [place, slice] of slices.entries()) {
    const answer = await ahead.shift();
    const following = slices[place + READ_AHEAD];
    if (following !== undefined) ahead.push(read(following));
    if (answer === undefined) break;
    costs.push(answer.statistics);
    await take(answer, slice);
    pace.read(answer.statistics);
  }
  return costs;
};
