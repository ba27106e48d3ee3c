import { createByteSink, putInt64, putText, putVarint, resetSink, sinkBytes } from "./byte-sink.ts";
import { createJsonLeaf, isUsed, leafParts, putLeafHead, putLeafValue, resetLeaf, type JsonLeaf } from "./json-leaf.ts";

/** Paths of one block that are encoded one by one: each takes a byte per row. A block with more is sent as text. */
export const MAX_ENCODED_PATHS = 256;
/** The type of the column in the event table, as ClickHouse writes it. */
export const JSON_TYPE = "JSON(max_dynamic_paths=128)";
/** Version of the layout that lists paths and then their columns (SerializationObject.cpp). */
const FLAT_VERSION = 3;

/** A finished column: paths of {@link JSON_TYPE}, or a column of JSON texts. */
export interface EncodedColumn {
  readonly encoding: "TEXT" | "PATHS";
  readonly parts: readonly Uint8Array[];
}

/**
 * The column of properties. Values whose type in the store is plain are written path by path, which spares the store from parsing; when some row
 * of the block has another (mixed or nested arrays, whole numbers beyond 2^53) or there are too many paths, the whole column is JSON text.
 */
export interface PropertiesColumn {
  put(properties: object | null): void;
  encode(): EncodedColumn;
  reset(): void;
}

interface Node {
  readonly path: string | null;
  readonly children: Map<string, Node>;
  leaf: JsonLeaf | null;
}

const createNode = (path: string | null): Node => ({ path, children: new Map(), leaf: null });

/** The node under a key. Dots separate keys, as they do in the store: `"a.b"` is the `b` of `a`. */
const childOf = (node: Node, key: string): Node => {
  const known = node.children.get(key);
  if (known !== undefined) return known;
  const dot = key.indexOf(".");
  const child =
    dot < 0
      ? createNode(node.path === null ? key : `${node.path}.${key}`)
      : childOf(childOf(node, key.slice(0, dot)), key.slice(dot + 1));
  node.children.set(key, child);
  return child;
};

interface Tree {
  root: Node;
  leaves: JsonLeaf[];
}

const leafOf = (tree: Tree, node: Node): JsonLeaf => {
  if (node.leaf !== null) return node.leaf;
  const leaf = createJsonLeaf(node.path ?? "");
  node.leaf = leaf;
  tree.leaves.push(leaf);
  return leaf;
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Adds the values of an object; false when one of them can't be encoded. */
const putObject = (tree: Tree, node: Node, value: Readonly<Record<string, unknown>>, row: number): boolean => {
  for (const key in value) {
    const item = value[key];
    // The store keeps no NULL under a path, and JSON has no undefined.
    if (item === null || item === undefined) continue;
    const child = childOf(node, key);
    if (isObject(item)) {
      if (!putObject(tree, child, item, row)) return false;
    } else if (!putLeafValue(leafOf(tree, child), row, item)) return false;
  }
  return tree.leaves.length <= MAX_ENCODED_PATHS;
};

const encodePaths = (leaves: readonly JsonLeaf[], rows: number): EncodedColumn => {
  const used = leaves.filter(isUsed).toSorted((one, other) => (one.path < other.path ? -1 : 1));
  const head = createByteSink(1_024);
  putInt64(head, FLAT_VERSION);
  putVarint(head, used.length);
  for (const leaf of used) putText(head, leaf.path);
  for (const leaf of used) putLeafHead(leaf, head);
  return { encoding: "PATHS", parts: [sinkBytes(head), ...used.flatMap((leaf) => leafParts(leaf, rows))] };
};

/** Makes an empty column; its memory is reused after `reset`. */
export const createPropertiesColumn = (): PropertiesColumn => {
  const tree: Tree = { root: createNode(null), leaves: [] };
  const texts = createByteSink(1_024);
  const objects: (object | null)[] = [];
  let asText = false;

  const encodeTexts = (): EncodedColumn => {
    resetSink(texts);
    for (const properties of objects) putText(texts, properties === null ? "{}" : JSON.stringify(properties));
    return { encoding: "TEXT", parts: [sinkBytes(texts)] };
  };
  return {
    put: (properties) => {
      const row = objects.length;
      objects.push(properties);
      if (!asText && isObject(properties)) asText = !putObject(tree, tree.root, properties, row);
    },
    encode: () => (asText ? encodeTexts() : encodePaths(tree.leaves, objects.length)),
    reset: () => {
      objects.length = 0;
      asText = false;
      resetSink(texts);
      // Paths that come and go must not pile up over the blocks of many tenants.
      if (tree.leaves.length <= MAX_ENCODED_PATHS / 2) for (const leaf of tree.leaves) resetLeaf(leaf);
      else {
        tree.root = createNode(null);
        tree.leaves = [];
      }
    },
  };
};
