import { z } from "zod";
import { refuse } from "@tessera/platform/errors/refusal";
import type { ReadPoint } from "./read-watched.ts";
import type { VALUE_NAMES, WatchedValueInput } from "./watched-value.ts";

type Name = (typeof VALUE_NAMES)["PATHS"][number];

const pathsShape = z.object({
  nodes: z.array(z.object({ label: z.string().nullable(), paths: z.number(), droppedOff: z.number() })),
  links: z.array(z.object({ from: z.number(), to: z.number(), paths: z.number() })),
  ...{ paths: z.number(), units: z.number(), unreached: z.number(), converted: z.number().nullable() },
});

/** Labels that a number of paths is of: none, one that is left, or two between which it goes. */
export interface PathEdge {
  readonly from: string | null;
  readonly to: string | null;
}

const missing = (part: "from" | "to", what: string): Error =>
  refuse("BAD_INPUT", `\`${part}\` names the label ${what}.`, { field: `input.value.${part}` });

/** The labels that a number is of; refuses with BAD_INPUT where one it needs is missing. */
export const edgeOf = (name: Name, { from, to }: WatchedValueInput): PathEdge => {
  const ofEdge = name === "transitions" || name === "transitionShare";
  if (!ofEdge && name !== "dropOffs" && name !== "dropOffShare") return { from: null, to: null };
  if (from === null || from === undefined) throw missing("from", "whose paths are watched");
  if (!ofEdge) return { from, to: null };
  if (to === null || to === undefined) throw missing("to", "to which they lead");
  return { from, to };
};

/** Refuses with BAD_INPUT, at a place, numbers of paths that convert where the question has no goal. */
export const requireGoal = (goal: unknown, name: Name, where: string): void => {
  if ((goal ?? null) === null && (name === "converted" || name === "conversionRate"))
    throw refuse("BAD_INPUT", "Paths convert by a `goal`: say which event is one.", { field: where });
};

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

/** Reads the paths of one bucket: how many, what came of them, or how many of those at a label went on to another, or no further; at all depths together. */
export const readPathsBucket = (
  answer: unknown,
  name: Name,
  { from, to }: PathEdge,
  atMs: number,
): readonly ReadPoint[] => {
  const { nodes, links, paths, units, unreached, converted } = pathsShape.parse(answer);
  const at = nodes.filter(({ label }) => from !== null && label === from);
  const visits = sum(at.map((node) => node.paths));
  const left = sum(at.map(({ droppedOff }) => droppedOff));
  const moved = sum(
    links.flatMap((link) =>
      from !== null && nodes[link.from]?.label === from && nodes[link.to]?.label === to ? [link.paths] : [],
    ),
  );
  const values: Readonly<Record<Name, number | null>> = {
    ...{ paths, units, unreached, converted, transitions: moved, dropOffs: left },
    conversionRate: converted === null ? null : share(converted, paths),
    ...{ transitionShare: share(moved, visits), dropOffShare: share(left, visits) },
  };
  return [{ group: [], atMs, complete: true, point: { value: values[name], samples: from === null ? paths : visits } }];
};
