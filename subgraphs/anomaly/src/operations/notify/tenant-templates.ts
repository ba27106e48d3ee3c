import type { Caller } from "@tessera/contracts/caller";
import type { NowMs } from "@tessera/platform/time/clock";
import type { ChannelKind, TenantTemplates } from "../../domain/notify/channel.ts";
import { checkTemplate } from "../../domain/notify/check-channel.ts";
import type { TemplateStore } from "../../store/notify/template-store.ts";

/** What the words of tenants need. */
export interface TenantTemplatesDeps {
  readonly templates: TemplateStore;
  readonly nowMs: NowMs;
}

/** What somebody wants channels of a kind to say. */
export interface TemplatesAsked {
  readonly kind: ChannelKind;
  readonly title?: string | null | undefined;
  readonly body?: string | null | undefined;
}

/** Sets what channels of a kind say that have no words of their own; null when that is the built-in words again. Refuses with BAD_INPUT. */
export const setTenantTemplates =
  ({ templates, nowMs }: TenantTemplatesDeps) =>
  async ({ tenantId }: Caller, { kind, title, body }: TemplatesAsked): Promise<TenantTemplates | null> => {
    const words = { title: checkTemplate(title, "title"), body: checkTemplate(body, "body") };
    return templates.set(tenantId, kind, words, nowMs());
  };
