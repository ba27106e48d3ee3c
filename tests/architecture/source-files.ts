import { dirname, extname } from "node:path";
import ts from "typescript";
import { z } from "zod";
import { readTextFiles, SOURCE_ENDINGS, type TextFile } from "./text-files.ts";

/** A TypeScript or JavaScript file with its syntax tree, which is made when it is first looked at. */
export interface SourceFile extends TextFile {
  readonly ast: ts.SourceFile;
}

/** What a workspace's package.json says about how others may import it. */
export interface Manifest {
  readonly folder: string;
  readonly name: string;
  readonly exports: Readonly<Record<string, string>>;
}

/** Everything the rules look at: written by hand, derived files left out. */
export interface Repository {
  readonly texts: readonly TextFile[];
  readonly sources: readonly SourceFile[];
  readonly manifests: readonly Manifest[];
}

/** One place that breaks a rule, as `path:line`, and what is wrong there. */
export interface Violation {
  readonly where: string;
  readonly what: string;
}

const manifestShape = z.object({ name: z.string(), exports: z.record(z.string(), z.string()).default({}) });

const toSource = ({ path, text }: TextFile): SourceFile => {
  const kind = path.endsWith("x") ? ts.ScriptKind.TSX : /\.[cm]?js$/.test(path) ? ts.ScriptKind.JS : ts.ScriptKind.TS;
  let ast: ts.SourceFile | undefined;
  return {
    path,
    text,
    get ast() {
      return (ast ??= ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true, kind));
    },
  };
};

/** Builds a repository from texts in memory, as the real one is built from the disk. */
export const repositoryOf = (texts: readonly TextFile[]): Repository => ({
  texts,
  sources: texts.filter(({ path }) => SOURCE_ENDINGS.has(extname(path))).map(toSource),
  manifests: texts
    .filter(({ path }) => path.endsWith("/package.json"))
    .map(({ path, text }) => ({ folder: dirname(path), ...manifestShape.parse(JSON.parse(text)) })),
});

/** Reads every hand-written text of the checkout. */
export const readRepository = (): Repository => repositoryOf(readTextFiles());

/** `path:line` of a node. */
export const placeOf = (file: SourceFile, node: ts.Node): string =>
  `${file.path}:${lineOf(file, node.getStart(file.ast))}`;

/** The line, counted from one, of a position in a file. */
export const lineOf = (file: SourceFile, position: number): number =>
  file.ast.getLineAndCharacterOfPosition(position).line + 1;

/** Calls `visit` for every node of a file, parents first. */
export const walk = (file: SourceFile, visit: (node: ts.Node) => void): void => {
  const step = (node: ts.Node): void => {
    visit(node);
    ts.forEachChild(node, step);
  };
  step(file.ast);
};

/** True for files that hold tests. */
export const isTest = (path: string): boolean => /\.(test|spec)\.tsx?$/.test(path);

const lineCache = new WeakMap<SourceFile, ReadonlySet<number>>();

/** Numbers of the lines that hold more than blanks and comments. */
export const codeLines = (file: SourceFile): ReadonlySet<number> => {
  const known = lineCache.get(file);
  if (known !== undefined) return known;
  const lines = new Set<number>();
  const step = (node: ts.Node): void => {
    if (ts.isJSDoc(node)) return;
    const children = node.getChildren(file.ast);
    if (children.length === 0 && node.getWidth(file.ast) > 0) {
      const last = lineOf(file, node.getEnd());
      for (let line = lineOf(file, node.getStart(file.ast)); line <= last; line += 1) lines.add(line);
    }
    children.forEach(step);
  };
  step(file.ast);
  lineCache.set(file, lines);
  return lines;
};
