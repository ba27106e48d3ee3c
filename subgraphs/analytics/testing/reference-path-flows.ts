import { RE2JS } from "re2js";
import type { PathAnchorInput, PathGroupInput, PathsInput } from "../src/domain/paths/paths-input.ts";
import { isMatch } from "./reference-behaviour.ts";
import { textOf } from "./reference-filter.ts";
import type { TestEvent } from "./test-events.ts";

/** A path as the reference tells it, in the direction it is followed. */
export interface ReferencePath {
  readonly unit: string;
  readonly labels: readonly string[];
  readonly times: readonly number[];
  /** Ids of the events of the told steps. */
  readonly ids: readonly string[];
  readonly goesOn: boolean;
  readonly converted: boolean;
}

interface Step {
  readonly event: TestEvent;
  readonly label: string;
}

/** What a wildcard takes, tried character by character: its captures, or null. */
const wildcardCaptures = (wildcard: string, text: string): readonly string[] | null => {
  if (wildcard === "") return text === "" ? [] : null;
  const star = wildcard.startsWith("**") ? "**" : wildcard.startsWith("*") ? "*" : null;
  if (star === null)
    return text !== "" && text[0] === wildcard[0] ? wildcardCaptures(wildcard.slice(1), text.slice(1)) : null;
  for (let length = text.length; length >= 0; length -= 1) {
    const taken = text.slice(0, length);
    if (star === "*" && taken.includes("/")) continue;
    const rest = wildcardCaptures(wildcard.slice(star.length), text.slice(length));
    if (rest !== null) return [taken, ...rest];
  }
  return null;
};

const capturesOf = ({ pattern, wildcard }: PathGroupInput, text: string): readonly string[] | null => {
  if (typeof wildcard === "string") return wildcardCaptures(wildcard, text);
  const matcher = RE2JS.compile(pattern ?? "", RE2JS.DOTALL).matcher(text);
  if (!matcher.find()) return null;
  return Array.from({ length: matcher.groupCount() }, (_, place) => matcher.group(place + 1) ?? "");
};

/** The label of an event by the rules of docs/paths.md. */
export const labelOf = ({ label = ["name"], groups }: PathsInput, event: TestEvent): string => {
  const text = (label ?? ["name"])
    .map((field) => textOf(event, field) ?? "")
    .map((value) => (value === "" ? "(none)" : value))
    .join(" · ");
  for (const group of groups ?? []) {
    const captures = capturesOf(group, text);
    if (captures !== null)
      return group.label.replaceAll(/\$([1-9$])/g, (_all, place: string) =>
        place === "$" ? "$" : (captures[Number(place) - 1] ?? ""),
      );
  }
  return text;
};

const seconds = (text: string | null | undefined): number =>
  text === null || text === undefined ? Infinity : Number(text.slice(2, -1)) * 1_000;

const isAnchor = (anchor: PathAnchorInput | null | undefined, { event, label }: Step): boolean => {
  if (anchor === null || anchor === undefined) return false;
  return typeof anchor.label === "string" ? label === anchor.label : isMatch(event, anchor.event ?? {});
};

const stepsOf = (input: PathsInput, events: readonly TestEvent[]): readonly Step[] =>
  events
    .map((event) => ({ event, label: labelOf(input, event) }))
    .filter(
      (step) =>
        !(input.exclude ?? []).some((matcher) => isMatch(step.event, matcher)) &&
        [...(input.steps ?? [{}]), input.start?.event, input.end?.event].some(
          (matcher) => matcher !== null && matcher !== undefined && isMatch(step.event, matcher),
        ),
    );

/** Steps of a path from one place on, up to where a wait, the window or its end ends it. */
const extentOf = (input: PathsInput, steps: readonly Step[], from: number): readonly Step[] => {
  const at = (place: number): number => steps[place]?.event.timeMs ?? 0;
  const broken = steps.findIndex(
    (_step, place) =>
      place > from &&
      (Math.abs(at(place) - at(place - 1)) > seconds(input.gap) ||
        Math.abs(at(place) - at(from)) > seconds(input.window)),
  );
  const whole = steps.slice(from, broken < 0 ? undefined : broken);
  if (!input.start || !input.end) return whole;
  const reached = whole.findIndex((step, place) => place > 0 && isAnchor(input.end, step));
  return reached < 0 ? [] : whole.slice(0, reached + 1);
};

/** What is told of a path: without repeats, up to where it is too long or comes back. */
const toldOf = (
  input: PathsInput,
  extent: readonly Step[],
): { readonly told: readonly Step[]; readonly goesOn: boolean } => {
  const kept = extent.filter(
    ({ label }, place) => input.repeats === "KEEP" || place === 0 || extent[place - 1]?.label !== label,
  );
  const back = kept.findIndex(({ label }, place) => kept.slice(0, place).some((one) => one.label === label));
  const length = Math.min(input.maxDepth ?? 5, input.loops === "CUT" && back >= 0 ? back : kept.length);
  return { told: kept.slice(0, length), goesOn: length < kept.length };
};

/** Every path of one unit's events, in order of time, and how many beginnings did not reach their end, with the events they are. */
export const referencePaths = (
  input: PathsInput,
  unit: string,
  events: readonly TestEvent[],
): { readonly paths: readonly ReferencePath[]; readonly unreached: number; readonly lost: readonly string[] } => {
  const backward = !input.start && Boolean(input.end);
  const ordered = stepsOf(input, events);
  const steps = backward ? ordered.toReversed() : ordered;
  const free = !input.start && !input.end;
  // Of a single path followed back the anchor is the first one in order of time.
  const only = backward && input.occurrence !== "ANY" ? steps.findLastIndex((step) => isAnchor(input.end, step)) : null;
  const paths: ReferencePath[] = [];
  const lost: string[] = [];
  let [past, tried] = [0, 0];
  steps.forEach((step, place) => {
    const begins = free || isAnchor(backward ? input.end : input.start, step);
    if (!begins || (only !== null && place !== only) || place < past || (tried > 0 && input.occurrence !== "ANY"))
      return;
    tried += 1;
    const extent = extentOf(input, steps, place);
    if (extent.length === 0) {
      lost.push(step.event.id);
      return;
    }
    past = place + extent.length;
    const { told, goesOn } = toldOf(input, extent);
    const times = told.map(({ event }) => event.timeMs);
    const earliest = Math.min(...times);
    const goal = input.goal ?? null;
    const converted =
      goal !== null &&
      events.some(
        (event) =>
          event.timeMs > earliest && event.timeMs - earliest <= seconds(goal.within) && isMatch(event, goal.event),
      );
    paths.push({
      unit,
      labels: told.map(({ label }) => label),
      times,
      goesOn,
      converted,
      ids: told.map(({ event }) => event.id),
    });
  });
  return { paths, unreached: lost.length, lost };
};

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const [low = 0, high = 0] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  return (low + high) / 2;
};

/** Nodes and links of paths, counted one by one: nodes as `depth label` (`depth *` for the others), links as the two in order of time. */
export const referenceFlows = (input: PathsInput, paths: readonly ReferencePath[]) => {
  const shown = Array.from({ length: input.maxDepth ?? 5 }, (_, depth) => {
    const labels = paths.flatMap(({ labels: own }) => own[depth] ?? []);
    const count = (label: string): number => labels.filter((one) => one === label).length;
    return [...new Set(labels)]
      .toSorted((a, b) => count(b) - count(a) || (a < b ? -1 : 1))
      .slice(0, input.maxNodes ?? 10);
  });
  const nodeOf = (label: string, depth: number): string =>
    `${depth} ${shown[depth]?.includes(label) === true ? label : "*"}`;
  const nodes = new Map<string, { paths: number; droppedOff: number; goesOn: number }>();
  const waits = new Map<string, number[]>();
  const backward = !input.start && Boolean(input.end);
  for (const { labels, times, goesOn } of paths)
    labels.forEach((label, depth) => {
      const name = nodeOf(label, depth);
      const node = nodes.get(name) ?? { paths: 0, droppedOff: 0, goesOn: 0 };
      nodes.set(name, node);
      node.paths += 1;
      const next = labels[depth + 1];
      if (next === undefined) node[goesOn ? "goesOn" : "droppedOff"] += 1;
      else {
        const ends = [name, nodeOf(next, depth + 1)];
        const link = (backward ? ends.toReversed() : ends).join(" > ");
        waits.set(link, [...(waits.get(link) ?? []), Math.abs((times[depth + 1] ?? 0) - (times[depth] ?? 0))]);
      }
    });
  const links = [...waits].map(
    ([link, own]) => [link, { paths: own.length, medianSeconds: median(own) / 1_000 }] as const,
  );
  return { nodes, links: new Map(links) };
};
