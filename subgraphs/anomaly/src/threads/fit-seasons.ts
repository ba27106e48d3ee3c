import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { initSync, MSTL } from "@bsull/augurs/mstl";
import type { FitSeasons } from "../domain/detectors/seasonal-fit.ts";

/** The interval that is asked for, and how many deviations of a normal variable it reaches to each side. */
const [LEVEL, DEVIATIONS] = [0.95, 1.959964];

/** Loads the library's program: some 20 ms of a core, once. */
const load = (): void => {
  const main = createRequire(import.meta.url).resolve("@bsull/augurs/mstl");
  initSync({ module: readFileSync(join(dirname(main), "mstl_bg.wasm")) });
};

/** MSTL with ETS on the trend, both by the library, which is loaded before the first fit. What it can't fit it throws at. */
export const createFitSeasons = (): FitSeasons => {
  let isLoaded = false;
  return (values, periods) => {
    if (!isLoaded) load();
    isLoaded = true;
    const model = MSTL.ets([...periods]);
    try {
      model.fit(Float64Array.from(values));
      const { point, intervals } = model.predict(periods.at(-1) ?? 1, LEVEL);
      if (intervals === undefined) return null;
      return {
        expected: point,
        deviations: intervals.upper.map((upper, place) => (upper - (point[place] ?? Number.NaN)) / DEVIATIONS),
      };
    } catch {
      // Some values have no fit, such as those of which the search finds no model: the caller says so, and judges without.
      return null;
    } finally {
      model.free();
    }
  };
};
