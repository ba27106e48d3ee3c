import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { isAddressOf } from "../../domain/notify/addressed.ts";
import { checkContacts, checkEscalation } from "../../domain/on-call/check-escalation.ts";
import { escalationRouter } from "../../domain/notify/escalation-route.ts";
import {
  escalationChooser,
  escalationPlan,
  type ChooseEscalation,
  type Contact,
  type ContactsOfPerson,
  type PlannedPage,
} from "../../domain/on-call/escalation.ts";
import type { SavedEscalationOutcome } from "../../domain/on-call/escalation-outcomes.ts";
import { whoIsOnCall } from "../../domain/on-call/on-call-schedule.ts";
import type { Page } from "../../domain/on-call/page.ts";
import type { ChannelStore, ReadRoutes } from "../../store/notify/channel-store.ts";
import type { EscalationStore } from "../../store/on-call/escalation-store.ts";
import type { OnCallStore } from "../../store/on-call/on-call-store.ts";
import type { PageStore } from "../../store/on-call/page-store.ts";
import { keptId, soundOf } from "../silences/silence-operations.ts";

/** What escalations need. */
export interface EscalationDeps {
  readonly escalations: EscalationStore;
  readonly channels: Pick<ChannelStore, "list">;
  readonly onCall: Pick<OnCallStore, "list">;
  readonly pages: Pick<PageStore, "ofAnomaly">;
  readonly nowMs: NowMs;
  readonly newId: () => string;
}

const bad = (field: string, message: string): Error => refuse("BAD_INPUT", message, { field });

/** Schedules and channels that steps name are the tenant's; refuses with BAD_INPUT what is not, at its place. */
const requireTargets = async (
  { channels, onCall, nowMs }: EscalationDeps,
  { tenantId }: Caller,
  steps: readonly { readonly targets: readonly { readonly kind: string; readonly id: string }[] }[],
): Promise<void> => {
  const [schedules, there] = await Promise.all([onCall.list(tenantId, nowMs()), channels.list(tenantId)]);
  const known = new Set([...schedules.map(({ id }) => `SCHEDULE ${id}`), ...there.map(({ id }) => `CHANNEL ${id}`)]);
  steps.forEach(({ targets }, step) => {
    targets.forEach(({ kind, id }, place) => {
      if (kind !== "PERSON" && !known.has(`${kind} ${id}`))
        throw bad(`input.steps.${step}.targets.${place}.id`, `The tenant has no such ${kind.toLowerCase()}.`);
    });
  });
};

const saveEscalation =
  (deps: EscalationDeps) =>
  async (
    caller: Caller,
    asked: {
      readonly id?: string | null | undefined;
      readonly version?: number | null | undefined;
      readonly input: object;
    },
  ): Promise<SavedEscalationOutcome> => {
    const { id: given = null, version = null } = asked;
    if ((given === null) !== (version === null))
      throw bad(given === null ? "id" : "version", "Give both, `id` and the `version` that was read, or neither.");
    const definition = soundOf(checkEscalation(asked.input));
    await requireTargets(deps, caller, definition.steps);
    const id = given === null ? deps.newId() : keptId(given);
    if (id === null) return { kind: "NOT_FOUND" };
    return deps.escalations.save(caller.tenantId, { id, version, definition }, deps.nowMs());
  };

const setContacts =
  ({ escalations, channels, nowMs }: EscalationDeps) =>
  async (caller: Caller, person: string, given: readonly object[]): Promise<ContactsOfPerson> => {
    const personId = keptId(person);
    if (personId === null) throw bad("person", "A person's id is a UUID.");
    const contacts = soundOf(checkContacts(given));
    const there = new Map((await channels.list(caller.tenantId)).map((one) => [one.id, one.settings.kind]));
    for (const [place, { channelId, address }] of contacts.entries()) {
      const kind = there.get(channelId);
      if (kind === undefined) throw bad(`contacts.${place}.channel`, "The tenant has no such channel.");
      if (!isAddressOf(kind, address))
        throw bad(
          `contacts.${place}.address`,
          "A person is told by a channel of kind EMAIL at a mailbox, SMS at a number as E.164 says (+493012345678), or IN_APP without an address.",
        );
    }
    const kept = await escalations.setContacts(caller.tenantId, { personId, contacts }, nowMs());
    if (!kept) throw bad("person", "The tenant has as many people who can be reached as it may have: remove some.");
    return { personId, contacts };
  };

const preview =
  ({ escalations, onCall, nowMs }: EscalationDeps) =>
  async (
    { tenantId }: Caller,
    asked: { readonly input: object; readonly at?: string | null | undefined },
  ): Promise<readonly PlannedPage[]> => {
    const policy = soundOf(checkEscalation(asked.input));
    const toldMs = asked.at === null || asked.at === undefined ? nowMs() : Date.parse(asked.at);
    const [schedules, people] = await Promise.all([
      onCall.list(tenantId, nowMs()),
      escalations.contacts(tenantId, null),
    ]);
    const contacts = new Map<string, readonly Contact[]>(people.map((one) => [one.personId, one.contacts]));
    const onCallAt = (scheduleId: string, atMs: number): string | null => {
      const schedule = schedules.find(({ id }) => id === scheduleId);
      const found = schedule === undefined ? null : whoIsOnCall(schedule.definition, schedule.overrides, atMs);
      return found === null || found.kind === "NOBODY" ? null : found.personId;
    };
    return escalationPlan(policy, toldMs, onCallAt, (personId) => contacts.get(personId) ?? []);
  };

/** Everything that is done on request about escalations, ready to be called. */
export const createEscalationOperations = (deps: EscalationDeps) => ({
  ...{ saveEscalationPolicy: saveEscalation(deps), previewEscalation: preview(deps) },
  escalationPolicies: ({ tenantId }: Caller) => deps.escalations.list(tenantId),
  deleteEscalationPolicy: async ({ tenantId }: Caller, id: string): Promise<boolean> => {
    const policyId = keptId(id);
    return policyId !== null && deps.escalations.remove(tenantId, policyId);
  },
  setNotificationContacts: setContacts(deps),
  notificationContacts: ({ tenantId }: Caller) => deps.escalations.contacts(tenantId, null),
  escalationPages: async ({ tenantId }: Caller, anomaly: string): Promise<readonly Page[]> => {
    const anomalyId = keptId(anomaly);
    return anomalyId === null ? [] : deps.pages.ofAnomaly(tenantId, anomalyId);
  },
});

/** See {@link createEscalationOperations}. */
export type EscalationOperations = ReturnType<typeof createEscalationOperations>;

/** Tells whoever evaluates a rule of a tenant the escalations of its alerts, by one look at the store. */
export type ReadEscalations = (tenantId: TenantId) => Promise<ChooseEscalation>;

/** Builds {@link ReadEscalations}. */
export const createReadEscalations =
  (escalations: Pick<EscalationStore, "list">, readRoutes: ReadRoutes): ReadEscalations =>
  async (tenantId) => {
    const saved = await escalations.list(tenantId);
    const routes = saved.length === 0 ? null : await readRoutes(tenantId);
    return escalationChooser(saved, routes === null ? undefined : escalationRouter(routes));
  };
