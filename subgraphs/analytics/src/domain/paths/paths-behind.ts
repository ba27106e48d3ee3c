import { createUnitList, unitText, type Listed } from "../funnel/unit-list.ts";
import { nodesOf, type LabelNames } from "./lay-out-flows.ts";
import type { PathBehind, PathCell, PathPlace, PathsBehind, UnitOfPaths } from "./path-cell.ts";
import { listedStep, type KeptPaths, type KeptPlaces } from "./path-tally.ts";
import type { PathsQuestion } from "./paths.ts";

/** Whether the step of a path at a depth is of a label; null for those that are not shown. */
type IsAt = (path: number, depth: number, label: string | null) => boolean;

const isAtIn = (question: PathsQuestion, kept: KeptPaths, names: LabelNames): IsAt => {
  const nodes = nodesOf(question, kept, names);
  return (path, depth, label) => {
    const place = (kept.starts[path] ?? 0) + depth;
    if (place >= (kept.starts[path + 1] ?? 0)) return false;
    const number = kept.steps[place] ?? -1;
    if (label !== null) return names.get(kept.codes[number] ?? -1) === label;
    return nodes.all[nodes.at[depth]?.get(number) ?? -1]?.label === null;
  };
};

/** Depth of the step by which a path is listed; -1 for paths that are not of the place. */
const depthIn = (place: PathPlace, kept: KeptPaths, isAt: IsAt) => {
  const length = (path: number): number => (kept.starts[path + 1] ?? 0) - (kept.starts[path] ?? 0);
  return (path: number): number => {
    switch (place.kind) {
      case "ANYWHERE":
        return 0;
      case "NODE":
        return isAt(path, place.depth, place.label) ? place.depth : -1;
      case "LINK": {
        const { near, far, lists } = place;
        if (!isAt(path, near.depth, near.label) || !isAt(path, near.depth + 1, far)) return -1;
        return lists === "NEAR" ? near.depth : near.depth + 1;
      }
      case "PATH": {
        const { labels, isWhole } = place;
        if (isWhole && length(path) !== labels.length) return -1;
        return labels.every((label, depth) => isAt(path, depth, label)) ? 0 : -1;
      }
    }
  };
};

const isOf = ({ outcome, place }: PathCell, kept: KeptPaths, path: number, depth: number): boolean => {
  const last = (kept.starts[path + 1] ?? 0) - (kept.starts[path] ?? 0) - 1;
  const ends = place.kind === "ANYWHERE" || place.kind === "PATH" || depth === last;
  switch (outcome) {
    case "ALL":
      return true;
    case "DROPPED_OFF":
      return ends && kept.goesOn[path] === 0;
    case "GOES_ON":
      return ends && kept.goesOn[path] === 1;
    case "CONVERTED":
      return kept.converted[path] === 1;
    case "NOT_CONVERTED":
      return kept.converted[path] === 0;
    case "UNREACHED":
      return false;
  }
};

/** Hands over the steps by which the paths of a cell are listed, those of a unit one after the other. */
const eachListed = (
  question: PathsQuestion,
  { cell }: PathBehind,
  kept: KeptPaths & { readonly places: KeptPlaces },
  names: LabelNames,
  take: (one: Listed) => void,
): void => {
  const { places } = kept;
  if (cell.outcome === "UNREACHED") {
    places.unreached.forEach(take);
    return;
  }
  const find = depthIn(cell.place, kept, isAtIn(question, kept, names));
  for (let path = 0; path + 1 < kept.starts.length; path += 1) {
    const depth = find(path);
    if (depth < 0 || !isOf(cell, kept, path, depth)) continue;
    const step = (kept.starts[path] ?? 0) + depth;
    take(listedStep(places, path, step));
  }
};

interface ListedUnit extends Listed {
  readonly paths: number;
  readonly last: Listed;
}

const isEarlier = (one: Listed, other: Listed): boolean =>
  one.at < other.at || (one.at === other.at && one.tie < other.tie);

/** Puts the paths of a unit together, which come one after the other. */
const createUnits = (take: (unit: ListedUnit) => void) => {
  let open: ListedUnit | null = null;
  const close = (): void => {
    if (open !== null) take(open);
  };
  return {
    add: (one: Listed): void => {
      if (open === null || open.low !== one.low || open.high !== one.high) {
        close();
        open = { ...one, paths: 1, last: one };
        return;
      }
      const { paths, last } = open;
      const first = isEarlier(one, open) ? one : open;
      open = { ...first, paths: paths + 1, last: isEarlier(last, one) ? one : last };
    },
    close,
  };
};

/** Lists the paths behind a number, or the units they are of; null where they are not asked for. */
export const pathsBehind = (question: PathsQuestion, kept: KeptPaths, names: LabelNames): PathsBehind | null => {
  const { behind, range } = question;
  const { places } = kept;
  if (behind === null || places === null) return null;
  const byUnit = behind.order === "UNIT";
  const steps = createUnitList<Listed>({ ...behind, most: byUnit ? 0 : behind.most }, range.fromMs);
  const units = createUnitList<ListedUnit>({ ...behind, most: byUnit ? behind.most : 0 }, range.fromMs);
  const counts = { paths: 0, units: 0 };
  const together = createUnits((unit) => {
    counts.units += 1;
    if (byUnit) units.add(unit);
  });
  eachListed(question, behind, { ...kept, places }, names, (one) => {
    counts.paths += 1;
    together.add(one);
    if (!byUnit) steps.add(one);
  });
  together.close();
  const stepOf = (one: Listed) => ({ unit: unitText(one), timeMs: range.fromMs + one.at, tie: one.tie });
  return {
    ...counts,
    steps: steps.list().map(stepOf),
    ofUnits: units.list().map((one): UnitOfPaths => ({
      ...{ unit: unitText(one), paths: one.paths, first: stepOf(one), last: stepOf(one.last) },
    })),
  };
};
