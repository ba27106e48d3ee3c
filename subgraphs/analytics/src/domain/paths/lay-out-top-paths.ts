import { refuse } from "@tessera/platform/errors/refusal";
import { scaledPaths, type LabelNames } from "./lay-out-flows.ts";
import type { KeptPaths } from "./path-tally.ts";
import type { TopPath } from "./paths-answer.ts";
import { PATH_LIMITS, type PathsQuestion } from "./paths.ts";

/** Paths of the same labels. */
interface Alike {
  readonly numbers: Int32Array;
  paths: number;
  goesOn: number;
  converted: number;
  totalMs: number;
}

const alikePaths = (kept: KeptPaths): readonly Alike[] => {
  const found = new Map<string, Alike>();
  for (let path = 0; path + 1 < kept.starts.length; path += 1) {
    const [from, to] = [kept.starts[path] ?? 0, kept.starts[path + 1] ?? 0];
    const numbers = kept.steps.subarray(from, to);
    const key = numbers.join(",");
    const alike = found.get(key) ?? { numbers, paths: 0, goesOn: 0, converted: 0, totalMs: 0 };
    if (alike.paths === 0) found.set(key, alike);
    if (found.size > PATH_LIMITS.distinctPaths)
      throw refuse(
        "RESULT_TOO_LARGE",
        `There are more than ${PATH_LIMITS.distinctPaths.toLocaleString("en-US")} distinct whole paths: take fewer steps, group labels, or leave them out with \`topPaths: 0\`.`,
        { field: "input.maxDepth" },
      );
    alike.paths += 1;
    alike.goesOn += kept.goesOn[path] ?? 0;
    alike.converted += kept.converted[path] ?? 0;
    for (let place = from; place < to; place += 1) alike.totalMs += kept.waits[place] ?? 0;
  }
  return [...found.values()];
};

/** How many paths begin with the labels of each of these, whatever comes after. */
const countFollowed = (kept: KeptPaths, beginnings: readonly Int32Array[]): readonly number[] => {
  const counts = beginnings.map(() => 0);
  const places = new Map(beginnings.map((numbers, place) => [numbers.join(","), place]));
  const longest = Math.max(0, ...beginnings.map(({ length }) => length));
  for (let path = 0; path + 1 < kept.starts.length; path += 1) {
    const [from, to] = [kept.starts[path] ?? 0, kept.starts[path + 1] ?? 0];
    let key = "";
    for (let place = from; place < Math.min(to, from + longest); place += 1) {
      key = key === "" ? String(kept.steps[place]) : `${key},${kept.steps[place]}`;
      const beginning = places.get(key);
      if (beginning !== undefined) counts[beginning] = (counts[beginning] ?? 0) + 1;
    }
  }
  return counts;
};

const compareLabels = (a: readonly string[], b: readonly string[]): number => {
  const place = a.findIndex((label, index) => label !== b[index]);
  if (place < 0) return a.length - b.length;
  return (a[place] ?? "") < (b[place] ?? "") ? -1 : 1;
};

/** The most frequent whole paths whose labels are all known by name, and how many distinct ones there are; backwards in order of time too. */
export const layOutTopPaths = (
  question: PathsQuestion,
  kept: KeptPaths,
  names: LabelNames,
  backward: boolean,
): { readonly topPaths: readonly TopPath[]; readonly distinctPaths: number | null } => {
  if (question.topPaths === 0) return { topPaths: [], distinctPaths: null };
  const alike = alikePaths(kept);
  const least = [...alike].toSorted((a, b) => b.paths - a.paths)[question.topPaths - 1]?.paths ?? 0;
  const named = alike.flatMap((one) => {
    // Only what may be among the most frequent is looked up.
    if (one.paths < least) return [];
    const labels = [...one.numbers].map((number) => names.get(kept.codes[number] ?? -1) ?? null);
    const known = labels.filter((label) => label !== null);
    return known.length === labels.length ? [{ one, labels: known }] : [];
  });
  const top = named
    .toSorted((a, b) => b.one.paths - a.one.paths || compareLabels(a.labels, b.labels))
    .slice(0, question.topPaths);
  const followed = countFollowed(
    kept,
    top.map(({ one }) => one.numbers),
  );
  const paths = kept.starts.length - 1;
  return {
    distinctPaths: alike.length,
    topPaths: top.map(({ one, labels }, place) => ({
      labels: backward ? labels.toReversed() : labels,
      paths: scaledPaths(question, one.paths),
      share: paths === 0 ? null : one.paths / paths,
      goesOn: scaledPaths(question, one.goesOn),
      followed: scaledPaths(question, followed[place] ?? 0),
      converted: question.goal === null ? null : scaledPaths(question, one.converted),
      conversion: question.goal === null ? null : one.converted / one.paths,
      meanSeconds: one.numbers.length < 2 ? null : one.totalMs / one.paths / 1_000,
    })),
  };
};
