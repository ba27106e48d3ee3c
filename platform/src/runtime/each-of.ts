/** Does work for each of some things, so many at a time; the results stand in the order of the things. The first failure is everybody's. */
export const eachOf = async <Thing, Result>(
  things: readonly Thing[],
  atOnce: number,
  work: (thing: Thing) => Promise<Result>,
): Promise<readonly Result[]> => {
  const results: Result[] = [];
  const waiting = things.entries();
  const worker = async (): Promise<void> => {
    for (const [index, thing] of waiting) results[index] = await work(thing);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
};
