import type { AbuseBounds, AbuseSource } from "@tessera/contracts/abuse";
import { MOST_PAGES, type Rules } from "./detect.ts";

/** A network is abusive from so many times the bound of an address: what one address does alone is held against that address. */
export const NETWORK_TIMES = 4;
/** Part of an address's bound from which on one tenant is told of wrong credentials that were aimed at it. */
const TENANT_SHARE = 5;

const plain = (kind: "KEY_SCANNING" | "CREDENTIAL_STUFFING", bound: number) => ({ kind, floor: bound, ceiling: bound });

/** The rules for a source, in the log of the installation or in that of a tenant. */
export const rulesFor = (source: AbuseSource["kind"], bounds: AbuseBounds, ofInstallation: boolean): Rules => {
  if (source === "ADDRESS" || source === "NETWORK") {
    const times = source === "NETWORK" ? NETWORK_TIMES : 1;
    const wrong = ofInstallation
      ? bounds.wrongCredentials * times
      : Math.ceil(bounds.wrongCredentials / TENANT_SHARE) * times;
    return {
      WRONG_KEYS: plain("KEY_SCANNING", bounds.wrongKeys * times),
      WRONG_CREDENTIALS: plain("CREDENTIAL_STUFFING", wrong),
    };
  }
  return {
    PAGES: { kind: "SCRAPING", floor: bounds.pages, ceiling: Math.max(bounds.pages, MOST_PAGES) },
    COST: { kind: "COST_SPIKE", floor: bounds.costPoints, ceiling: Number.MAX_SAFE_INTEGER },
  };
};
