import { parseAnomalyId, type AnomalyId } from "@tessera/contracts/ids";
import { beginningOf, storableText } from "@tessera/platform/text/whole-characters";
import { z } from "zod";

/** What a provider tells back of one of its incidents. */
export interface ProviderEvent {
  /** Names the event: one that was told before is not told again. */
  readonly id: string;
  /** What follows for our alert; null: nothing does. */
  readonly command: "ACKNOWLEDGE" | "RESOLVE" | null;
  readonly occurredAtMs: number;
  /** The provider's own id of its incident, and where its people see it; null where the event is about none. */
  readonly remote: { readonly id: string; readonly url: string | null } | null;
  /** Our anomaly, by the key of deduplication we gave; null where the provider's incident was made of several. */
  readonly anomalyId: AnomalyId | null;
  /** Who did it there. */
  readonly agent: { readonly id: string; readonly name: string } | null;
}

/** Characters of a name that is written down. */
const MAX_NAME = 200;
const COMMANDS: Readonly<Record<string, ProviderEvent["command"]>> = {
  "incident.acknowledged": "ACKNOWLEDGE",
  "incident.resolved": "RESOLVE",
};

const text = z.string().min(1).max(MAX_NAME);
const payload = z.object({
  event: z.object({
    id: text,
    event_type: text,
    occurred_at: z.iso.datetime({ offset: true }),
    agent: z.object({ id: text, summary: z.string().nullish() }).nullish(),
    data: z
      .object({
        id: z.string().nullish(),
        type: z.string().nullish(),
        incident_key: z.string().nullish(),
        html_url: z.string().nullish(),
      })
      .nullish(),
  }),
});

const urlOf = (url: string | null | undefined): string | null =>
  typeof url === "string" && /^https:\/\/\S{1,1990}$/u.test(url) ? url : null;

/** Reads a webhook of PagerDuty (V3); null when it is none. */
export const readPagerDutyEvent = (body: unknown): ProviderEvent | null => {
  const read = payload.safeParse(body);
  if (!read.success) return null;
  const { id, event_type: kind, occurred_at: at, agent, data } = read.data.event;
  const isIncident = kind.startsWith("incident.") && data?.type === "incident";
  const remoteId = isIncident && typeof data.id === "string" ? beginningOf(data.id, MAX_NAME) : "";
  return {
    ...{ id, command: isIncident ? (COMMANDS[kind] ?? null) : null, occurredAtMs: Date.parse(at) },
    remote: remoteId === "" ? null : { id: remoteId, url: urlOf(data?.html_url) },
    anomalyId: isIncident ? parseAnomalyId(data.incident_key ?? "") : null,
    agent:
      agent === null || agent === undefined
        ? null
        : { id: agent.id, name: storableText(beginningOf(agent.summary ?? agent.id, MAX_NAME)) },
  };
};
