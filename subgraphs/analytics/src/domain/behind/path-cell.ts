import { refuse } from "@tessera/platform/errors/refusal";
import type { PathBehind, PathOutcome, PathPlace, PathPoint } from "../paths/path-cell.ts";
import { isBackward, type PathsQuestion } from "../paths/paths.ts";

type Maybe<T> = T | null | undefined;

/** A node of a `paths` answer, as the graph delivers it. */
export interface PathPointInput {
  readonly depth: number;
  readonly label?: Maybe<string>;
}

/** A number of a `paths` answer, as the graph delivers it. */
export interface PathCellInput {
  readonly outcome?: PathOutcome;
  readonly node?: Maybe<PathPointInput>;
  readonly link?: Maybe<{ readonly from: PathPointInput; readonly to: PathPointInput }>;
  readonly path?: Maybe<readonly string[]>;
  readonly followed?: Maybe<readonly string[]>;
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const pointOf = ({ maxDepth }: PathsQuestion, { depth, label }: PathPointInput, where: string): PathPoint => {
  if (!Number.isInteger(depth) || depth < 0 || depth >= maxDepth)
    throw bad(`${where}.depth`, `The paths have depths 0 to ${maxDepth - 1}.`);
  return { depth, label: label ?? null };
};

const linkOf = (question: PathsQuestion, link: NonNullable<PathCellInput["link"]>): PathPlace => {
  const [from, to] = [pointOf(question, link.from, "cell.link.from"), pointOf(question, link.to, "cell.link.to")];
  const backward = isBackward(question);
  const [near, far] = backward ? [to, from] : [from, to];
  if (far.depth !== near.depth + 1)
    throw bad(
      "cell.link",
      "A link leads from a depth to the next; followed back, from a depth to the one before: name its two nodes as the answer does.",
    );
  return { kind: "LINK", near, far: far.label, lists: backward ? "NEAR" : "FAR" };
};

const pathOf = (question: PathsQuestion, path: readonly string[], isWhole: boolean): PathPlace => {
  const { maxDepth } = question;
  if (path.length === 0 || path.length > maxDepth)
    throw bad(isWhole ? "cell.path" : "cell.followed", `A path is told by 1 to ${maxDepth} labels.`);
  return { kind: "PATH", labels: isBackward(question) ? path.toReversed() : path, isWhole };
};

const placeOf = (question: PathsQuestion, { node, link, path, followed }: PathCellInput): PathPlace => {
  if ([node, link, path, followed].filter((one) => (one ?? null) !== null).length > 1)
    throw bad("cell", "Name one of `node`, `link`, `path` and `followed`, or none for all paths.");
  if (node) return { kind: "NODE", ...pointOf(question, node, "cell.node") };
  if (link) return linkOf(question, link);
  if (path) return pathOf(question, path, true);
  return followed ? pathOf(question, followed, false) : { kind: "ANYWHERE" };
};

/** Reads which paths a number of a `paths` answer counts; refuses with BAD_INPUT. */
export const parsePathCell = (
  asked: PathsQuestion,
  input: PathCellInput,
  page: Pick<PathBehind, "order" | "after" | "most">,
): PathsQuestion => {
  if (asked.asked.kind !== "ALL")
    throw bad("input.sample", "What is behind a number is shown of all persons: leave `sample` and `fast` out.");
  const outcome = input.outcome ?? "ALL";
  const place = placeOf(asked, input);
  if (asked.goal === null && (outcome === "CONVERTED" || outcome === "NOT_CONVERTED"))
    throw bad("cell.outcome", "Whether paths converted is known with a `goal` alone.");
  if (outcome === "UNREACHED" && (asked.start === null || asked.end === null))
    throw bad("cell.outcome", "UNREACHED are beginnings that did not come to the end: ask with `start` and `end`.");
  if (outcome === "UNREACHED" && place.kind !== "ANYWHERE")
    throw bad(
      "cell.outcome",
      "What did not come to its end is no path: leave `node`, `link`, `path` and `followed` out.",
    );
  // Whole paths are not laid out for what is behind a number.
  return { ...asked, topPaths: 0, behind: { cell: { outcome, place }, ...page } };
};
