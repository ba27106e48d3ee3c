import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Background } from "@tessera/platform/graphql/subgraph";
import { createRepeatedLook } from "@tessera/platform/runtime/repeated-look";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { addressedTo, recipientKey, type Recipient } from "../../domain/notify/addressed.ts";
import { whoIsOnCall } from "../../domain/on-call/on-call-schedule.ts";
import { pageId, type Page, type PageOutcome } from "../../domain/on-call/page.ts";
import type { NoticeStore } from "../../store/notify/gather-notices.ts";
import type { PagesWithin, PageStore } from "../../store/on-call/page-store.ts";

/** Pages of a tenant that are told before those of the next. */
const MAX_AT_ONCE = 50;
/** Milliseconds between looks for due pages. */
const LOOK_MS = 1_000;
/** How long a page waits that could not be told. */
const POSTPONED_MS = 30_000;
/** How long pages are kept. */
const KEPT_MS = 30 * 86_400_000;

/** What telling pages needs. */
export interface TellPagesDeps {
  readonly sql: TenantSql;
  readonly pages: PageStore;
  readonly pagesWithin: (transaction: SqlTransaction, tenantId: TenantId) => PagesWithin;
  readonly noticesWithin: (transaction: SqlTransaction, tenantId: TenantId) => NoticeStore;
  readonly logger: Logger;
  readonly nowMs: NowMs;
  readonly newId: () => string;
}

/** By what, and whom, a page tells; nobody: whomever the channel names. */
interface Way {
  readonly channelId: string;
  readonly recipient: Recipient | null;
}

interface Told {
  readonly outcome: PageOutcome;
  readonly personId: string | null;
}

interface Telling {
  readonly page: Page;
  readonly pages: PagesWithin;
  readonly notices: NoticeStore;
  readonly nowMs: number;
  readonly newId: () => string;
}

/** Tells by some ways: each of them has the step once, whoever else leads there. */
const tellBy = async ({ page, notices, nowMs, newId }: Telling, ways: readonly Way[]): Promise<PageOutcome> => {
  const { alert, policy, step } = page;
  const channels = await notices.holdChannels([...new Set(ways.map(({ channelId }) => channelId))]);
  const route = step === null ? "escalation > told before" : `escalation > ${policy} > ${step}`;
  let told = 0;
  for (const { channelId, recipient } of ways) {
    const channel = channels.get(channelId);
    if (channel === undefined || (recipient !== null && addressedTo(channel.settings, recipient) === null)) continue;
    const key = recipient === null ? "" : recipientKey(recipient);
    const bundle = `one ${alert.transitionId}${key === "" ? "" : ` ${key}`}`;
    const plan = { bundle, wait: "NOW", dueMs: nowMs } as const;
    await notices.put({ channelId, alert, route, plan, deliveryId: newId(), nowMs, recipient, recipientKey: key });
    told += 1;
  }
  return told === 0 ? "NO_CHANNEL" : "TOLD";
};

/** Tells a person: what is told at once is told now, each further way has a page of its own. */
const tellPerson = async (telling: Telling, personId: string): Promise<Told> => {
  const { page, pages, nowMs } = telling;
  const contacts = await pages.contactsOf(personId);
  if (contacts.length === 0) return { outcome: "NO_CONTACT", personId };
  for (const [place, { channelId, address, afterMs }] of contacts.entries()) {
    if (afterMs === 0) continue;
    const target = { kind: "CONTACT", id: personId } as const;
    const id = pageId(page.transitionId, "CONTACT", `${personId} ${place}`);
    await pages.add({ ...page, id, target, contact: { channelId, address }, dueMs: nowMs + afterMs });
  }
  const now = contacts.filter(({ afterMs }) => afterMs === 0);
  const ways = now.map(({ channelId, address }) => ({ channelId, recipient: { personId, address } }));
  return { outcome: ways.length === 0 ? "TOLD" : await tellBy(telling, ways), personId };
};

const onCallOf = async ({ page, pages, nowMs }: Telling): Promise<string | null> => {
  const schedule = await pages.schedule(page.target.id, nowMs);
  if (schedule === null) return null;
  const onCall = whoIsOnCall(schedule.definition, schedule.overrides, nowMs);
  return onCall.kind === "NOBODY" ? null : onCall.personId;
};

const tellPage = async (telling: Telling): Promise<Told> => {
  const { page, pages } = telling;
  const { target, contact, anomalyId } = page;
  if (target.kind === "TOLD")
    return { outcome: await tellBy(telling, await pages.toldBefore(anomalyId)), personId: null };
  // Who acknowledges, or ends it, is not overtaken by what was under way.
  const state = await pages.stateOf(anomalyId);
  if (state !== "FIRING" && state !== "RESOLVING") return { outcome: "NOT_NEEDED", personId: null };
  switch (target.kind) {
    case "CHANNEL":
      return { outcome: await tellBy(telling, [{ channelId: target.id, recipient: null }]), personId: null };
    case "PERSON":
      return tellPerson(telling, target.id);
    case "CONTACT": {
      if (contact === null) return { outcome: "NO_CONTACT", personId: target.id };
      const way = { channelId: contact.channelId, recipient: { personId: target.id, address: contact.address } };
      return { outcome: await tellBy(telling, [way]), personId: target.id };
    }
    case "SCHEDULE": {
      const personId = await onCallOf(telling);
      return personId === null ? { outcome: "NOBODY_ON_CALL", personId } : tellPerson(telling, personId);
    }
  }
};

/** Tells the page of a tenant that has been due longest, and what that leads to, all of it or nothing; false when none is due, or somebody else tells them. */
const tellNext = async (deps: TellPagesDeps, tenantId: TenantId): Promise<boolean> => {
  let failing: string | null = null;
  try {
    return await deps.sql.transaction(tenantId, async (transaction) => {
      const pages = deps.pagesWithin(transaction, tenantId);
      const nowMs = deps.nowMs();
      if (!(await pages.hold())) return false;
      const page = await pages.nextDue(nowMs);
      if (page === null) return false;
      failing = page.id;
      const notices = deps.noticesWithin(transaction, tenantId);
      const { outcome, personId } = await tellPage({ page, pages, notices, nowMs, newId: deps.newId });
      await pages.finish(page.id, outcome, personId, nowMs);
      return true;
    });
  } catch (error) {
    deps.logger.error({ pageId: failing, error: errorMessage(error) }, "A page was not told; it is tried again.");
    if (failing === null) return false;
    await deps.pages.postpone(tenantId, failing, deps.nowMs() + POSTPONED_MS);
    return true;
  }
};

/** Tells the pages that are due, of whatever tenants; answers how many. Safe beside any number of others: a tenant's pages are told by one at a time. */
export const tellDuePages = (deps: TellPagesDeps) => async (): Promise<number> => {
  const tenants = await deps.pages.tenantsWithDueAcrossTenants(deps.nowMs());
  let told = 0;
  for (const tenantId of tenants) {
    for (let count = 0; count < MAX_AT_ONCE && (await tellNext(deps, tenantId)); count += 1) told += 1;
    await deps.pages.forgetOver(tenantId, deps.nowMs() - KEPT_MS);
  }
  return told;
};

/** Tells due pages again and again; any number of processes may. */
export const createPager = (deps: TellPagesDeps): Background => {
  const tellDue = tellDuePages(deps);
  return createRepeatedLook({
    ...{ name: "anomaly-escalation-pager", everyMs: LOOK_MS, logger: deps.logger },
    look: async () => (await tellDue()) >= MAX_AT_ONCE,
    trouble: "Due pages can't be read; trying again.",
  });
};
