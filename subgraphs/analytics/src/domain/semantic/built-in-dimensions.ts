import { DEFAULT_CHANNELS } from "../attribution/default-channels.ts";
import type { DimensionExpression } from "./dimension-expression.ts";

/** A dimension that every tenant has, by `dimensions.` and its name. */
export interface BuiltInDimension {
  readonly kind: "BUILT_IN";
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly content: { readonly expression: DimensionExpression };
}

/** Dimensions that every tenant has by name. */
export const BUILT_IN_DIMENSIONS: readonly BuiltInDimension[] = [
  {
    kind: "BUILT_IN",
    name: "channel",
    title: "Channel",
    description: "The channel an event came by, by the rules that attribution takes when it is given none.",
    content: {
      expression: {
        cases: {
          cases: DEFAULT_CHANNELS.map(({ channel, filter }) => ({ label: channel, when: filter })),
          otherwise: "Other",
        },
      },
    },
  },
];

const BY_NAME = new Map(BUILT_IN_DIMENSIONS.map((one) => [one.name, one]));

/** The dimension that every tenant has by a name; null when there is none. */
export const builtInDimension = (name: string): BuiltInDimension | null => BY_NAME.get(name) ?? null;
