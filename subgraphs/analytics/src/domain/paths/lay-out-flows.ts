import { createNumberList, type NumberList } from "../funnel/number-list.ts";
import type { KeptPaths } from "./path-tally.ts";
import type { PathLink, PathNode } from "./paths-answer.ts";
import { isBackward, type PathsQuestion } from "./paths.ts";

/** The labels of an answer by the code they travel as; codes of labels that are not known by name are missing. */
export type LabelNames = ReadonlyMap<number, string>;

/** How many of all there are, from the part of a sample. */
export const scaledPaths = ({ sample }: Pick<PathsQuestion, "sample">, count: number): number =>
  sample === 1 ? count : Math.round(count / sample);

/** A node while its paths are counted. */
interface Counted {
  readonly depth: number;
  readonly label: string | null;
  readonly labels: number;
  paths: number;
  droppedOff: number;
  goesOn: number;
  hiddenIn: number;
  hiddenOut: number;
}

/** Which node a label is at each depth, by the number the label is kept as. */
export interface Nodes {
  readonly all: readonly Counted[];
  readonly at: readonly ReadonlyMap<number, number>[];
}

const countsByDepth = (kept: KeptPaths, maxDepth: number): readonly ReadonlyMap<number, number>[] => {
  const counts = Array.from({ length: maxDepth }, () => new Map<number, number>());
  for (let path = 0; path + 1 < kept.starts.length; path += 1) {
    const from = kept.starts[path] ?? 0;
    for (let place = from; place < (kept.starts[path + 1] ?? 0); place += 1) {
      const [depth, label] = [counts[place - from], kept.steps[place] ?? 0];
      depth?.set(label, (depth.get(label) ?? 0) + 1);
    }
  }
  return counts;
};

const byText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** Lays out the nodes: at each depth the labels most paths have, and one of all others. */
export const nodesOf = (question: PathsQuestion, kept: KeptPaths, names: LabelNames): Nodes => {
  const all: Counted[] = [];
  const at = countsByDepth(kept, question.maxDepth).map((counts, depth) => {
    const nodeOf = new Map<number, number>();
    const add = (label: string | null, numbers: readonly number[]): void => {
      const node = { depth, label, labels: numbers.length, paths: 0 };
      const index = all.push({ ...node, droppedOff: 0, goesOn: 0, hiddenIn: 0, hiddenOut: 0 }) - 1;
      for (const number of numbers) nodeOf.set(number, index);
    };
    const named = [...counts.keys()].flatMap((number) => {
      const label = names.get(kept.codes[number] ?? -1);
      return label === undefined ? [] : [{ number, label, count: counts.get(number) ?? 0 }];
    });
    const shown = named.toSorted((a, b) => b.count - a.count || byText(a.label, b.label)).slice(0, question.maxNodes);
    for (const { label, number } of shown) add(label, [number]);
    const others = [...counts.keys()].filter((number) => !nodeOf.has(number));
    if (others.length > 0) add(null, others);
    return nodeOf;
  });
  return { all, at };
};

interface CountedLink {
  readonly from: number;
  readonly to: number;
  readonly waits: NumberList;
}

/** Counts every path into its nodes and links. */
const countFlows = (kept: KeptPaths, { all, at }: Nodes): readonly CountedLink[] => {
  const links = new Map<number, CountedLink>();
  for (let path = 0; path + 1 < kept.starts.length; path += 1) {
    const [from, to] = [kept.starts[path] ?? 0, kept.starts[path + 1] ?? 0];
    let before = -1;
    for (let place = from; place < to; place += 1) {
      const index = at[place - from]?.get(kept.steps[place] ?? -1) ?? -1;
      const node = all[index];
      if (node !== undefined) node.paths += 1;
      if (before >= 0) {
        const key = before * all.length + index;
        const link = links.get(key) ?? { from: before, to: index, waits: createNumberList() };
        links.set(key, link);
        link.waits.add(kept.waits[place] ?? 0);
      }
      before = index;
    }
    const last = all[before];
    if (last === undefined) continue;
    if (kept.goesOn[path] === 1) last.goesOn += 1;
    else last.droppedOff += 1;
  }
  return [...links.values()];
};

/** Keeps links that are heavy enough, and says at both ends how many paths took others; backwards a link leads to where it was followed from. */
const shownLinks = (question: PathsQuestion, { all }: Nodes, links: readonly CountedLink[]): readonly PathLink[] => {
  const backward = isBackward(question);
  const scale = (count: number): number => scaledPaths(question, count);
  const shown: PathLink[] = [];
  for (const link of links) {
    const [from, to] = backward ? [link.to, link.from] : [link.from, link.to];
    const [source, target] = [all[from], all[to]];
    if (source === undefined || target === undefined) continue;
    const { length } = link.waits;
    if (scale(length) < question.minLink) {
      source.hiddenOut += length;
      target.hiddenIn += length;
      continue;
    }
    const [median = null] = link.waits.told([0.5]).quantiles;
    shown.push({
      ...{ from, to, paths: scale(length), share: length / source.paths },
      medianSeconds: median === null ? null : median / 1_000,
    });
  }
  return shown.toSorted((a, b) => a.from - b.from || b.paths - a.paths || a.to - b.to);
};

/** Lays paths out as nodes and links, so that at every node as many go in as go out, drop off or go on untold. */
export const layOutFlows = (
  question: PathsQuestion,
  kept: KeptPaths,
  names: LabelNames,
): { readonly nodes: readonly PathNode[]; readonly links: readonly PathLink[] } => {
  const nodes = nodesOf(question, kept, names);
  const counted = countFlows(kept, nodes);
  const links = shownLinks(question, nodes, counted);
  const paths = kept.starts.length - 1;
  const scale = (count: number): number => scaledPaths(question, count);
  return {
    links,
    nodes: nodes.all.map((node) => ({
      ...{ depth: node.depth, label: node.label, labels: node.labels },
      ...{ paths: scale(node.paths), share: paths === 0 ? null : node.paths / paths },
      ...{ droppedOff: scale(node.droppedOff), goesOn: scale(node.goesOn) },
      ...{ hiddenIn: scale(node.hiddenIn), hiddenOut: scale(node.hiddenOut) },
    })),
  };
};
