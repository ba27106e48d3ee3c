import {
  Kind,
  validate,
  type DocumentNode,
  type GraphQLError,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from "graphql";
import { LRUCache } from "lru-cache";
import { refuse, type Refusal } from "@tessera/platform/errors/refusal";
import { aliasLimit } from "../plugins/aliases.ts";
import { createCostModel, type CostOptions } from "../plugins/cost.ts";
import { directiveLimit } from "../plugins/directives.ts";
import { depthLimit } from "../plugins/document-depth.ts";
import { parseWithinSize, type DocumentSizeOptions } from "../plugins/document-size.ts";
import { fragmentExpansionLimit } from "../plugins/fragment-expansion.ts";
import { pageSizeLimit } from "../plugins/page-sizes.ts";
import type { Price } from "../plugins/price.ts";
import { rootFieldLimit } from "../plugins/root-fields.ts";
import { measureDocument, type DocumentLimit, type DocumentShape } from "./document-shape.ts";
import type { RawVariables } from "./graphql-request.ts";

/** Documents kept parsed and checked per supergraph; their plans live as long as they do. */
export const MAX_CHECKED_DOCUMENTS = 2_000;
/** Errors told of one document; more help nobody and cost the server. */
const MAX_VALIDATION_ERRORS = 20;

/** What documents are held to before validation and planning see them. */
export interface DocumentLimits extends DocumentSizeOptions {
  readonly maxDepth: number;
  readonly maxAliases: number;
  readonly maxRootFields: number;
  readonly maxDirectives: number;
  readonly maxExpandedFields: number;
  readonly maxPageSize: number;
  readonly cost: CostOptions;
}

/** One operation of a checked document. */
export interface CheckedOperation {
  readonly definition: OperationDefinitionNode;
  readonly price: Price;
}

/** A document that may run, or why not. */
export type CheckedDocument =
  | {
      readonly kind: "valid";
      readonly text: string;
      readonly document: DocumentNode;
      readonly shape: DocumentShape;
      readonly operations: readonly CheckedOperation[];
      readonly checkPages: (variables: RawVariables) => Refusal | null;
    }
  | { readonly kind: "over"; readonly refusal: Refusal }
  /** `errors(false)` leaves out the names validation would suggest. */
  | { readonly kind: "invalid"; readonly errors: (maySeeNames: boolean) => readonly GraphQLError[] }
  | { readonly kind: "syntax"; readonly error: GraphQLError };

/** Checks documents against one schema and remembers the verdicts. */
export interface CheckedDocuments {
  readonly check: (text: string) => { readonly checked: CheckedDocument; readonly known: boolean };
}

const shapeLimits = (limits: DocumentLimits): readonly DocumentLimit<Refusal>[] => [
  fragmentExpansionLimit(limits.maxExpandedFields),
  depthLimit(limits.maxDepth),
  rootFieldLimit(limits.maxRootFields),
  aliasLimit(limits.maxAliases),
  directiveLimit(limits.maxDirectives),
];

const firstRefusal = (limits: readonly DocumentLimit<Refusal>[], shape: DocumentShape): Refusal | null => {
  for (const limit of limits) {
    const refusal = limit.check(shape);
    if (refusal !== null) return refusal;
  }
  return null;
};

/** Documents of one schema: each text is parsed within its size, measured, held to the limits, and only then validated; all once. */
export const createCheckedDocuments = (
  schema: GraphQLSchema,
  supergraphSdl: string,
  limits: DocumentLimits,
): CheckedDocuments => {
  const documents = new LRUCache<string, CheckedDocument>({ max: MAX_CHECKED_DOCUMENTS });
  const rules = shapeLimits(limits);
  const costs = createCostModel(schema, supergraphSdl, limits.cost);

  const errorsOf = (text: string, hideSuggestions: boolean): readonly GraphQLError[] => {
    const located = parseWithinSize(text, limits, false);
    if (located.kind !== "parsed") return [];
    return validate(schema, located.document, undefined, { maxErrors: MAX_VALIDATION_ERRORS, hideSuggestions });
  };
  const inspect = (text: string): CheckedDocument => {
    const parsed = parseWithinSize(text, limits);
    if (parsed.kind === "syntax") {
      const located = parseWithinSize(text, limits, false);
      return located.kind === "syntax" ? located : parsed;
    }
    if (parsed.kind === "over") return parsed;
    const { document } = parsed;
    const shape = measureDocument(document);
    const refusal = firstRefusal(rules, shape);
    if (refusal !== null) return { kind: "over", refusal };
    if (validate(schema, document, undefined, { maxErrors: 1, hideSuggestions: true }).length > 0) {
      return { kind: "invalid", errors: (maySeeNames) => errorsOf(text, !maySeeNames) };
    }
    const definitions = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
    if (definitions.length === 0) {
      return { kind: "over", refusal: refuse("BAD_INPUT", "The document has no operation.", { field: "query" }) };
    }
    const operations = definitions.map((definition) => ({ definition, price: costs.price(document, definition) }));
    return {
      kind: "valid",
      text,
      document,
      shape,
      operations,
      checkPages: pageSizeLimit(document, limits.maxPageSize),
    };
  };
  return {
    check: (text) => {
      const before = documents.get(text);
      if (before !== undefined) return { checked: before, known: true };
      const checked = inspect(text);
      documents.set(text, checked);
      return { checked, known: false };
    },
  };
};
