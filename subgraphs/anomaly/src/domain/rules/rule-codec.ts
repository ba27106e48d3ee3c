import { alertPolicyDefinitionOf, checkAlertPolicy } from "../alerts/alert-policy-definition.ts";
import type { AlertPolicy } from "../alerts/alert-policy.ts";
import type { Checked } from "../checked.ts";
import { checkDetectorDefinition, type DetectorDefinition } from "../detectors/detector-definition.ts";
import { readWatch, watchDefinitionOf, type Watch } from "./watch.ts";

/** Reads and writes the parts of a rule in the forms that are kept; reading throws when a form is broken. */
export interface RuleCodec {
  readWatch(stored: unknown): Watch;
  writeWatch(watch: Watch): unknown;
  readDetector(stored: unknown): DetectorDefinition;
  readAlerting(stored: unknown): AlertPolicy;
  writeAlerting(policy: AlertPolicy): unknown;
}

const sound = <T>(what: string, checked: Checked<T>): T => {
  if (checked.valid) return checked.value;
  throw new Error(
    `A rule's ${what} is broken: ${checked.problems.map(({ field, message }) => `${field}: ${message}`).join(" ")}`,
  );
};

/** See {@link RuleCodec}. */
export const ruleCodec: RuleCodec = {
  readWatch,
  writeWatch: watchDefinitionOf,
  readDetector: (stored) => sound("detector", checkDetectorDefinition(stored)),
  readAlerting: (stored) => sound("alert policy", checkAlertPolicy(stored)),
  writeAlerting: alertPolicyDefinitionOf,
};
