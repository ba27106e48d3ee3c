import type { Caller } from "@tessera/contracts/caller";
import { isUuid, type TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { PublicRequestError, type PublicRequests } from "@tessera/platform/http/public-request";
import type { Channel, ChannelSettings, SavedChannel } from "../../domain/notify/channel.ts";
import { checkChannel } from "../../domain/notify/check-channel.ts";
import { ADDRESS_FIELDS, addressesOf, needsSecret } from "../../domain/notify/check-settings.ts";
import type { ChannelInput } from "../../domain/notify/channel-input.ts";
import { whyNotHandedOver } from "../../domain/notify/hand-over.ts";
import type { ChannelStore } from "../../store/notify/channel-store.ts";
import type { EndpointStore } from "../../store/webhooks/endpoint-store.ts";
import type { ChannelSecrets } from "./channel-secrets.ts";
import type { Mailer } from "./mailer.ts";

/** What defining channels needs. */
export interface DefineChannelDeps {
  readonly channels: ChannelStore;
  /** Endpoints of webhooks that channels may name. */
  readonly endpoints: Pick<EndpointStore, "find">;
  readonly secrets: ChannelSecrets;
  readonly requests: Pick<PublicRequests, "check">;
  readonly mailer: Mailer | null;
  readonly newId: () => string;
}

/** Faults that may pass: the address may be there when it is sent to. */
const MAY_PASS: ReadonlySet<string> = new Set(["UNRESOLVED", "TIMEOUT"]);

const requireAddresses = async (
  { requests }: DefineChannelDeps,
  settings: ChannelSettings,
  secret: string | null,
): Promise<void> => {
  for (const address of addressesOf(settings, secret)) {
    try {
      await requests.check(address);
    } catch (error) {
      if (!(error instanceof PublicRequestError)) throw error;
      const hint = MAY_PASS.has(error.fault) ? " Try again once it does." : "";
      throw refuse(
        "BAD_INPUT",
        `The channel's address can't be sent to: ${error.message}${hint}`,
        { field: ADDRESS_FIELDS[settings.kind] ?? "input" },
        error,
      );
    }
  }
};

/** Refuses an endpoint that nothing can be handed over to; another tenant's is as one that there is not. */
const requireEndpoint = async (
  { endpoints }: DefineChannelDeps,
  tenantId: TenantId,
  settings: ChannelSettings,
): Promise<void> => {
  if (settings.kind !== "WEBHOOK" || settings.by !== "ENDPOINT") return;
  const { endpointId } = settings;
  const field = "input.webhook.endpoint";
  const endpoint = isUuid(endpointId) ? await endpoints.find(tenantId, endpointId) : null;
  if (endpoint === null) throw refuse("BAD_INPUT", `The tenant has no webhook endpoint ${endpointId}.`, { field });
  const why = whyNotHandedOver(endpoint);
  if (why !== null) throw refuse("BAD_INPUT", `${why} (resumeWebhookEndpoint), or name another.`, { field });
};

const requireRelay = ({ mailer }: DefineChannelDeps, { kind }: ChannelSettings): void => {
  if (kind === "EMAIL" && mailer === null)
    throw refuse(
      "BAD_INPUT",
      "The operator has configured no relay for mails (SMTP_URL): take another kind of channel.",
      {
        field: "input.email",
      },
    );
};

const requireSecret = ({ kind }: ChannelSettings, isThere: boolean): void => {
  if (needsSecret(kind) && !isThere)
    throw refuse("BAD_INPUT", "The channel needs a credential: give the address or key of its kind.", {
      field: "input",
    });
};

const sealed = async (deps: DefineChannelDeps, tenantId: TenantId, id: string, secret: string | null) =>
  secret === null ? null : deps.secrets.seal(tenantId, id, secret);

/** Makes a channel of the caller's tenant; refuses with BAD_INPUT what it can't be told by. */
export const createChannel =
  (deps: DefineChannelDeps) =>
  async (caller: Caller, input: ChannelInput): Promise<SavedChannel> => {
    const { definition, secret } = checkChannel(input);
    requireRelay(deps, definition.settings);
    requireSecret(definition.settings, secret !== null);
    await requireAddresses(deps, definition.settings, secret);
    await requireEndpoint(deps, caller.tenantId, definition.settings);
    const id = deps.newId();
    return deps.channels.create(caller.tenantId, {
      ...{ id, definition, secret: await sealed(deps, caller.tenantId, id, secret) },
    });
  };

const wayOf = (settings: ChannelSettings): string | null => ("by" in settings ? settings.by : null);

/** Whether the credential a channel has is one for other settings too: of the same kind, and by the same way. */
const keepsSecret = (there: ChannelSettings, next: ChannelSettings): boolean =>
  there.kind === next.kind && wayOf(there) === wayOf(next);

/** Whether what a credential is sent to stays the same, so that nobody who may not read it has it sent to themselves. */
const sameReceiver = (there: ChannelSettings, next: ChannelSettings): boolean => {
  if (there.kind === "SMS" && next.kind === "SMS") {
    const [before, after] = [new URL(there.gateway.url), new URL(next.gateway.url)];
    return before.origin === after.origin;
  }
  return true;
};

const requireKept = (there: Channel, next: ChannelSettings, isGiven: boolean): void => {
  if (isGiven || there.secretHint === null) return;
  if (!sameReceiver(there.settings, next))
    throw refuse("BAD_INPUT", "The gateway is another one: give its secret anew, the one there is is not sent to it.", {
      field: "input.sms.secret",
    });
};

/** Changes a channel as a whole; a credential that is left out is kept. A disabled channel is told again. */
export const updateChannel =
  (deps: DefineChannelDeps) =>
  async (
    caller: Caller,
    asked: { readonly id: string; readonly version: number; readonly input: ChannelInput; readonly paused?: boolean },
  ): Promise<SavedChannel> => {
    const { tenantId } = caller;
    const { definition, secret } = checkChannel(asked.input);
    requireRelay(deps, definition.settings);
    const there = isUuid(asked.id) ? await deps.channels.findSealed(tenantId, asked.id.toLowerCase()) : null;
    if (there === null) return { kind: "NOT_FOUND" };
    const isKept = secret === null && there.sealed !== null && keepsSecret(there.channel.settings, definition.settings);
    if (there.sealed !== null) requireKept(there.channel, definition.settings, secret !== null);
    requireSecret(definition.settings, isKept || secret !== null);
    await requireAddresses(deps, definition.settings, secret);
    await requireEndpoint(deps, tenantId, definition.settings);
    const { id } = there.channel;
    return deps.channels.update(tenantId, {
      ...{ id, version: asked.version, definition, state: asked.paused === true ? "PAUSED" : "ACTIVE" },
      secret: await sealed(deps, tenantId, id, secret),
    });
  };

/** Deletes a channel of the caller's tenant; false when there is none. */
export const deleteChannel =
  ({ channels }: Pick<DefineChannelDeps, "channels">) =>
  async (caller: Caller, id: string): Promise<boolean> =>
    isUuid(id) && channels.remove(caller.tenantId, id.toLowerCase());
