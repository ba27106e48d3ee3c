import DataLoader from "dataloader";
import type { AnomalyId, IncidentId, TenantId } from "@tessera/contracts/ids";
import type { Anomaly } from "../../domain/anomaly.ts";
import {
  INCIDENT_LIMITS,
  type Incident,
  type IncidentEntry,
  type IncidentLink,
  type Sign,
} from "../../domain/incidents/incident.ts";
import type { Inbound, RemoteIncident } from "../../domain/incidents/inbound.ts";
import { postmortemOf, type Postmortem } from "../../domain/incidents/postmortem.ts";
import type { InboundStore } from "../../store/incidents/inbound-store.ts";
import type { IncidentStore } from "../../store/incidents/incident-store.ts";

/** Entries, alerts and links of one incident that are told in a list of incidents: the newest entries, the first alerts, the likest links. */
const MAX_TOLD = {
  entries: INCIDENT_LIMITS.entriesWithPeople,
  signs: INCIDENT_LIMITS.signs,
  links: INCIDENT_LIMITS.links,
} as const;

/** Loads what belongs to incidents in batches. Nothing is remembered, because a subscription's context lives long. */
export interface IncidentLoaders {
  readonly incident: DataLoader<IncidentId, Incident | null>;
  readonly ofAnomaly: DataLoader<AnomalyId, Incident | null>;
  readonly entries: DataLoader<IncidentId, readonly IncidentEntry[]>;
  readonly signs: DataLoader<IncidentId, readonly Sign[]>;
  readonly links: DataLoader<IncidentId, readonly IncidentLink[]>;
  readonly remotes: DataLoader<AnomalyId, readonly RemoteIncident[]>;
  /** Where the providers of channels tell back. */
  readonly inbound: DataLoader<string, Inbound | null>;
  /** What happened, for people and for programs; `anomalyOf` reads what was seen of each alert. */
  readonly postmortem: (
    incident: Incident,
    anomalyOf: (id: AnomalyId) => Promise<Anomaly | null>,
  ) => Promise<Postmortem>;
}

const listed = <Item>(
  load: (ids: readonly IncidentId[]) => Promise<readonly Item[]>,
  idOf: (item: Item) => IncidentId | null,
): DataLoader<IncidentId, readonly Item[]> =>
  new DataLoader<IncidentId, readonly Item[]>(
    async (ids) => {
      const items = await load([...new Set(ids)]);
      return ids.map((id) => items.filter((item) => idOf(item) === id));
    },
    { cache: false },
  );

/** What providers tell back, by anomaly and by channel. */
const createInboundLoaders = (
  told: InboundStore,
  tenantId: TenantId,
): Pick<IncidentLoaders, "remotes" | "inbound"> => ({
  remotes: new DataLoader<AnomalyId, readonly RemoteIncident[]>(
    async (ids) => {
      const found = await told.remotesOf(tenantId, ids);
      return ids.map((id) => found.filter(({ anomalyId }) => anomalyId === id));
    },
    { cache: false },
  ),
  inbound: new DataLoader<string, Inbound | null>(
    async (ids) => {
      const found = await told.ofChannels(tenantId, ids);
      return ids.map((id) => found.get(id) ?? null);
    },
    { cache: false },
  ),
});

/** Makes the loaders of one call, bound to its tenant. */
export const createIncidentLoaders = (
  { incidents, inbound: told }: { readonly incidents: IncidentStore; readonly inbound: InboundStore },
  tenantId: TenantId,
): IncidentLoaders => {
  const findMany = async (ids: readonly IncidentId[]) =>
    new Map((await incidents.findMany(tenantId, [...new Set(ids)])).map((one) => [one.id, one]));
  const incident = new DataLoader<IncidentId, Incident | null>(
    async (ids) => {
      const found = await findMany(ids);
      return ids.map((id) => found.get(id) ?? null);
    },
    { cache: false },
  );
  const ofAnomaly = new DataLoader<AnomalyId, Incident | null>(
    async (ids) => {
      const belongs = new Map(
        (await incidents.ofAnomalies(tenantId, ids)).map((one) => [one.anomalyId, one.incidentId]),
      );
      const found = await findMany([...belongs.values()]);
      return ids.map((id) => {
        const incidentId = belongs.get(id);
        return incidentId === undefined ? null : (found.get(incidentId) ?? null);
      });
    },
    { cache: false },
  );
  const entries = listed(
    (ids) => incidents.entriesOf(tenantId, ids, MAX_TOLD.entries),
    (one) => one.incidentId,
  );
  const signs = listed(
    (ids) => incidents.signsOf(tenantId, ids, MAX_TOLD.signs),
    (one) => one.incidentId,
  );
  const links = listed(
    (ids) => incidents.linksOf(tenantId, ids, MAX_TOLD.links),
    (one) => one.incidentId,
  );
  return {
    ...{ incident, ofAnomaly, entries, signs, links, ...createInboundLoaders(told, tenantId) },
    postmortem: async (of, anomalyOf) => {
      const [story, alerts, alike] = await Promise.all([entries.load(of.id), signs.load(of.id), links.load(of.id)]);
      const others = await findMany(alike.map(({ otherId }) => otherId));
      const seen = await Promise.all(alerts.map(({ anomalyId }) => anomalyOf(anomalyId)));
      return postmortemOf({
        ...{ incident: of, entries: story, signs: alerts },
        links: alike.flatMap((link) => {
          const other = others.get(link.otherId);
          return other === undefined ? [] : [{ link, other }];
        }),
        seen: new Map(seen.flatMap((one) => (one === null ? [] : [[one.id, one.evidence]]))),
      });
    },
  };
};
