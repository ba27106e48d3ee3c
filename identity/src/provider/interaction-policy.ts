import type { interactionPolicy as Policies } from "oidc-provider";
import { interactionPolicy as library } from "./library.ts";

/**
 * When a person is asked: the library's own reasons, and one more. A browser signed in for another tenant has a session but nobody here, so
 * the person signs in for this one.
 */
export const interactionPolicy = (): Policies.DefaultPolicy => {
  const policy = library.base();
  const nobodyHere = new library.Check(
    "nobody_of_this_tenant",
    "the person who is signed in does not belong to this tenant",
    "login_required",
    (ctx) => ctx.oidc.session?.accountId !== undefined && ctx.oidc.account === undefined,
  );
  policy.get("login")?.checks.add(nobodyHere);
  return policy;
};
