/** A store was found to show tenants each other's rows: it is up, and must not be served from. */
export class PolicyMissing extends Error {
  override readonly name = "PolicyMissing";
}
