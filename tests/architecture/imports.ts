import { posix } from "node:path";
import ts from "typescript";
import { lineOf, type Manifest, type Repository, type SourceFile, walk } from "./source-files.ts";

/** One import, re-export, dynamic import or import type of a file. */
export interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
  readonly where: string;
}

/** What a specifier leads to: a file of this repository, a workspace package's missing export, or something from npm or Node. */
export type Target =
  | { readonly kind: "FILE"; readonly path: string; readonly manifest: Manifest | null }
  | { readonly kind: "NOT_EXPORTED"; readonly manifest: Manifest }
  | { readonly kind: "EXTERNAL" };

const isTypeOnly = (clause: ts.ImportClause | undefined): boolean => {
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const named = clause.namedBindings;
  if (clause.name !== undefined || named === undefined || !ts.isNamedImports(named)) return false;
  return named.elements.length > 0 && named.elements.every((element) => element.isTypeOnly);
};

const literal = (node: ts.Node | undefined): string | null =>
  node !== undefined && ts.isStringLiteralLike(node) ? node.text : null;

const importIn = (node: ts.Node): { specifier: string | null; typeOnly: boolean } | null => {
  if (ts.isImportDeclaration(node)) {
    return { specifier: literal(node.moduleSpecifier), typeOnly: isTypeOnly(node.importClause) };
  }
  if (ts.isExportDeclaration(node)) return { specifier: literal(node.moduleSpecifier), typeOnly: node.isTypeOnly };
  if (ts.isImportTypeNode(node)) {
    return { specifier: ts.isLiteralTypeNode(node.argument) ? literal(node.argument.literal) : null, typeOnly: true };
  }
  const isImportCall = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isImportCall ? { specifier: literal(node.arguments[0]), typeOnly: false } : null;
};

const cache = new WeakMap<SourceFile, readonly Import[]>();

/** Every import of a file whose specifier is a literal. */
export const importsOf = (file: SourceFile): readonly Import[] => {
  const known = cache.get(file);
  if (known !== undefined) return known;
  const found: Import[] = [];
  walk(file, (node) => {
    const entry = importIn(node);
    if (entry === null || entry.specifier === null) return;
    const where = `${file.path}:${lineOf(file, node.getStart(file.ast))}`;
    found.push({ specifier: entry.specifier, typeOnly: entry.typeOnly, where });
  });
  cache.set(file, found);
  return found;
};

const exportedFile = (manifest: Manifest, subpath: string): string | null => {
  const exact = manifest.exports[subpath];
  if (exact !== undefined) return posix.join(manifest.folder, exact);
  for (const [pattern, target] of Object.entries(manifest.exports)) {
    const [before, after] = pattern.split("*");
    if (before === undefined || after === undefined) continue;
    if (!subpath.startsWith(before) || !subpath.endsWith(after) || subpath.length < pattern.length) continue;
    const middle = subpath.slice(before.length, subpath.length - after.length);
    return posix.join(manifest.folder, target.replaceAll("*", middle));
  }
  return null;
};

/** Follows a specifier from a file, workspace packages through their exports map. */
export const resolveImport = (repository: Repository, from: SourceFile, specifier: string): Target => {
  if (specifier.startsWith(".")) {
    return { kind: "FILE", path: posix.join(posix.dirname(from.path), specifier), manifest: null };
  }
  const manifest = repository.manifests.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`));
  if (manifest === undefined) return { kind: "EXTERNAL" };
  const path = exportedFile(manifest, `.${specifier.slice(manifest.name.length)}`);
  return path === null ? { kind: "NOT_EXPORTED", manifest } : { kind: "FILE", path, manifest };
};

/** The room a path belongs to: `platform`, `subgraphs/ml`, `tests`, or an empty text for files of the root. */
export const roomOf = (path: string): string => {
  const [first = "", second = "", ...rest] = path.split("/");
  if (first === "subgraphs" && rest.length > 0) return `${first}/${second}`;
  return second === "" ? "" : first;
};
