/** Which labels are direct visits, by their places. */
export type DirectLabels = ReadonlySet<number>;

/** Share of each position of a path, by rule. */
export type RuleModel =
  | { readonly kind: "FIRST" }
  | { readonly kind: "LAST" }
  | { readonly kind: "LAST_NON_DIRECT" }
  | { readonly kind: "LINEAR" }
  | {
      readonly kind: "POSITION";
      /** Weight of the first touchpoint, of all between together, and of the last; they need not add up to 1. */
      readonly first: number;
      readonly middle: number;
      readonly last: number;
    }
  | {
      readonly kind: "POSITION_DECAY";
      /** Touchpoints after which a share has halved, counted back from the conversion. */
      readonly halfLifeSteps: number;
    };

/** What a coalition of channels is worth, of which the Shapley value is taken. */
export type ShapleyGame = "CONVERSIONS" | "SUMMED_RATES" | "RATE";

/** How credit is given to the touchpoints of journeys. */
export type AttributionModel =
  | RuleModel
  | {
      readonly kind: "TIME_DECAY";
      /** Milliseconds after which a share has halved, counted back from the conversion. */
      readonly halfLifeMs: number;
    }
  | {
      readonly kind: "MARKOV";
      /** Touchpoints the chain remembers. */
      readonly order: number;
    }
  | {
      readonly kind: "SHAPLEY";
      readonly game: ShapleyGame;
      /** Orders of the channels that are drawn where there are too many to enumerate. */
      readonly permutations: number;
      readonly seed: number;
    }
  | {
      readonly kind: "UPLIFT";
      /** Journeys a set of channels needs for its rate to be believed. */
      readonly minJourneys: number;
    };

/** Name of a kind of model, as in the SDL. */
export type AttributionModelKind = AttributionModel["kind"];
