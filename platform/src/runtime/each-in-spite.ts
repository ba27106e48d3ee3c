import { isPassing } from "../events/whose-trouble.ts";

/**
 * Does work for each of some things, one after the other, though it fails for some: a tenant whose work fails again and again holds up nobody behind it. The first failure is
 * thrown when all have been tried; what says that a dependency is away ends it at once, since the others need it too.
 */
export const eachInSpite = async <Thing, Result>(
  things: readonly Thing[],
  work: (thing: Thing) => Promise<Result>,
): Promise<readonly Result[]> => {
  const results: Result[] = [];
  let failed: { readonly thrown: unknown } | null = null;
  for (const thing of things) {
    try {
      results.push(await work(thing));
    } catch (thrown) {
      if (isPassing(thrown)) throw thrown;
      failed ??= { thrown };
    }
  }
  if (failed !== null) throw failed.thrown;
  return results;
};
