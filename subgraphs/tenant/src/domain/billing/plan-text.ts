import { refuse } from "@tessera/platform/errors/refusal";
import type { BilledMetric, Plan, PlanPart, UsagePrice } from "./plan.ts";

type Optional<Value> = Value | null | undefined;

/** A price as it is written in a request: which fields are needed depends on the model. */
interface PriceText {
  readonly model: UsagePrice["model"];
  readonly unitPrice?: Optional<string>;
  readonly steps?: Optional<
    readonly { readonly upTo?: Optional<string>; readonly unitPrice: string; readonly flatFee?: Optional<string> }[]
  >;
  readonly packageSize?: Optional<string>;
  readonly packagePrice?: Optional<string>;
}

/** A plan as it is written in a request. */
export interface PlanText {
  readonly name: string;
  readonly currency: string;
  readonly commitment?: Optional<string>;
  readonly parts: readonly {
    readonly kind: PlanPart["kind"];
    readonly name: string;
    readonly fee?: Optional<string>;
    readonly includedUsers?: Optional<number>;
    readonly metric?: Optional<BilledMetric>;
    readonly included?: Optional<string>;
    readonly price?: Optional<PriceText>;
  }[];
}

const needed = <Value>(value: Optional<Value>, field: string): Value => {
  if (value === null || value === undefined)
    throw refuse("BAD_INPUT", "This kind of part, or of price, needs the field.", { field });
  return value;
};

const priceOf = (text: PriceText, field: string): UsagePrice => {
  switch (text.model) {
    case "FLAT":
      return { model: "FLAT", unitPrice: needed(text.unitPrice, `${field}.unitPrice`) };
    case "PACKAGE":
      return {
        model: "PACKAGE",
        packageSize: needed(text.packageSize, `${field}.packageSize`),
        packagePrice: needed(text.packagePrice, `${field}.packagePrice`),
      };
    case "GRADUATED":
    case "VOLUME":
      return {
        model: text.model,
        steps: needed(text.steps, `${field}.steps`).map((step) => ({
          ...{ upTo: step.upTo ?? null, unitPrice: step.unitPrice, flatFee: step.flatFee ?? "0" },
        })),
      };
  }
};

/** Reads a plan as it was written; refuses with BAD_INPUT what lacks a field that its kind needs. */
export const readPlan = (text: PlanText, field: string): Plan => ({
  ...{ name: text.name, currency: text.currency, commitment: text.commitment ?? null },
  parts: text.parts.map((part, index): PlanPart => {
    const at = `${field}.parts.${index}`;
    const { name } = part;
    switch (part.kind) {
      case "FIXED":
        return { kind: "FIXED", name, fee: needed(part.fee, `${at}.fee`) };
      case "PER_USER":
        return { kind: "PER_USER", name, fee: needed(part.fee, `${at}.fee`), includedUsers: part.includedUsers ?? 0 };
      case "USAGE": {
        const metric = needed(part.metric, `${at}.metric`);
        const price = priceOf(needed(part.price, `${at}.price`), `${at}.price`);
        return { kind: "USAGE", name, metric, included: part.included ?? "0", price };
      }
    }
  }),
});
