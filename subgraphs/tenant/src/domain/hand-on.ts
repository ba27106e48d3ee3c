import type { Caller } from "@tessera/contracts/caller";
import type { Permission } from "@tessera/contracts/permissions";
import { parseNetwork, MAX_NETWORKS } from "@tessera/platform/auth/networks";
import { refuse } from "@tessera/platform/errors/refusal";

/**
 * Refuses with FORBIDDEN a caller under a data policy or a grant: what it made or changed would not be held by either, and so be a way around it.
 */
export const requireWholeAccess = (caller: Caller): void => {
  if (caller.dataPolicy !== null)
    throw refuse("FORBIDDEN", "Who sees only a part of the tenant's events can't decide about access to them.");
  if (caller.grantId !== null)
    throw refuse("FORBIDDEN", "Who acts under a grant can't decide about the tenant's own access.");
};

/** The permissions among those a subject has that the caller lacks, sorted: nobody takes over somebody who may do more. */
export const notHeldOf = (caller: Caller, permissions: Iterable<Permission>): readonly Permission[] =>
  [...new Set(permissions)].filter((permission) => !caller.permissions.has(permission)).toSorted();

/**
 * Reads networks in CIDR notation, each once; null when none are given. A caller bound to networks hands on no wider ones: with none given, a new
 * key is bound as the caller is. Refuses what is no network, too many, an empty list, and what reaches beyond with BAD_INPUT.
 */
export const networksOf = (
  texts: readonly string[] | null | undefined,
  bound: readonly string[] | null,
  field: string,
): readonly string[] | null => {
  if (texts === null || texts === undefined) return bound;
  const networks = texts.map((text) => {
    const network = parseNetwork(text);
    if (network === null)
      throw refuse("BAD_INPUT", `${JSON.stringify(text.slice(0, 60))} is no address and no network.`, { field });
    return network;
  });
  if (networks.length === 0 || networks.length > MAX_NETWORKS)
    throw refuse("BAD_INPUT", `Give 1 to ${MAX_NETWORKS} networks, or none at all for any.`, { field });
  const beyond = bound === null ? undefined : networks.find((network) => !bound.includes(network));
  if (beyond !== undefined)
    throw refuse("BAD_INPUT", `The caller itself may only come from ${bound?.join(", ") ?? ""}.`, { field });
  return [...new Set(networks)];
};
