import type { DistributedConfig } from "../config.ts";
import { identityPart, openIdentity } from "../identity-parts.ts";
import { openResources } from "../open-resources.ts";
import type { Role, Shell } from "../shell.ts";
import { storeSettingsOf } from "../store-settings.ts";

/** `tessera identity`: the authorization server; any number may stand behind one address. */
export const identityRole =
  (config: DistributedConfig) =>
  (shell: Shell): Role => {
    const { PUBLIC_URL: publicUrl, KEY_RING: keyRing } = config;
    if (publicUrl === undefined || keyRing === undefined)
      throw new Error("tessera identity needs PUBLIC_URL and KEY_RING; see docs/configuration.md.");
    const opened = openResources(storeSettingsOf(config), shell);
    const secrets = { identitySecret: config.IDENTITY_SECRET, apiKeyPepper: config.API_KEY_PEPPER, keyRing };
    const identity = openIdentity(shell, opened.resources, secrets, () => new URL(publicUrl).origin);
    // Of the stores it needs PostgreSQL alone: the event store being down keeps nobody from signing in.
    const probes = opened.probes.filter(({ name }) => name === "postgres");
    return { parts: [identityPart(identity)], probes: [...probes, ...identity.probes], close: opened.close };
  };
