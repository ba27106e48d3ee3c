import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import {
  endOf,
  incidentAlert,
  INCIDENT_EPOCH_MS,
  openIncidentRoom,
  type IncidentRoom,
} from "../../testing/incident-room.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

let room: IncidentRoom;
beforeAll(() => {
  room = openIncidentRoom();
});
afterAll(() => room.close());

const timelineOf = async (tenantId: ReturnType<typeof freshTenantId>) => {
  const [incident] = await room.listed(tenantId);
  if (incident === undefined) throw new Error("There is no incident.");
  return room.incidents.loaders(tenantId).entries.load(incident.id);
};
const toldOf = async (tenantId: string): Promise<readonly string[]> => {
  const text = `SELECT payload->>'kind' AS kind FROM event_log WHERE tenant_id = $1 AND topic = 'incident.changed' ORDER BY transaction_id, sequence`;
  const { rows } = await room.engines.owner.query<{ kind: string }>(text, [tenantId]);
  return rows.map(({ kind }) => kind);
};

describe("the consumer of alerts", () => {
  test("opens, joins and ends incidents by the log itself, and tells of each entry in it", async () => {
    const tenantId = freshTenantId();
    await room.setPolicies(tenantId, [{ name: "shop", groupBy: ["team"], count: 2 }]);
    const [one, two] = [incidentAlert(tenantId), incidentAlert(tenantId)];
    await room.tell(tenantId, [one]);
    await room.tell(tenantId, [two]);
    // Other tests' transactions on the same server can hold entries back for a moment.
    while ((await room.listed(tenantId)).length === 0) await room.opener.drain();
    expect(await room.listed(tenantId)).toMatchObject([
      { number: 1, state: "TRIGGERED", title: "shop: team shop", policy: "shop" },
    ]);
    await room.tell(tenantId, [endOf(one), endOf(two)]);
    while ((await room.listed(tenantId))[0]?.quietSinceMs === null) await room.opener.drain();
    await room.pass(5);
    expect(await room.listed(tenantId)).toMatchObject([
      { state: "RESOLVED", resolvedAtMs: room.clock.ms - 5 * 60_000 },
    ]);
    await room.pass(60);
    expect(await room.listed(tenantId)).toMatchObject([{ state: "CLOSED" }]);
    const kinds = (await timelineOf(tenantId)).map(({ kind }) => kind);
    expect(kinds).toEqual([
      ...["OPENED", "ALERT_JOINED", "ALERT_JOINED", "ALERT_CHANGED", "ALERT_CHANGED", "RESOLVED", "CLOSED"],
    ]);
    expect(await toldOf(tenantId)).toEqual(kinds);
  });

  test("takes an entry once, however often it is read after a crash between its effects and the consumer's place", async () => {
    const tenantId = freshTenantId();
    await room.setPolicies(tenantId, [{ name: "all" }]);
    const alert = incidentAlert(tenantId);
    const batch = [alert, endOf(alert), incidentAlert(tenantId)];
    await room.take(tenantId, batch.slice(0, 2));
    // The consumer's own place was not moved: the whole batch comes again, with more.
    await room.take(tenantId, batch);
    await room.take(tenantId, batch);
    expect(await room.listed(tenantId)).toHaveLength(1);
    expect((await timelineOf(tenantId)).map(({ kind }) => kind)).toEqual([
      ...["OPENED", "ALERT_JOINED", "ALERT_CHANGED", "ALERT_JOINED"],
    ]);
  });

  test("keeps nothing of a batch that could not be kept as a whole", async () => {
    const tenantId = freshTenantId();
    await room.setPolicies(tenantId, [{ name: "all" }]);
    const crash = room.engines.resources.sql.transaction(tenantId, async (transaction) => {
      const store = await room.incidents.taking.bookWithin(transaction, tenantId);
      expect(await store.place()).toBeNull();
      throw new Error("killed");
    });
    await expect(crash).rejects.toThrow("killed");
    await room.take(tenantId, [incidentAlert(tenantId)]);
    expect(await room.listed(tenantId)).toHaveLength(1);
  });

  test("opens one incident for one cause, also when consumers take different alerts of it at once", async () => {
    const tenantId = freshTenantId();
    await room.setPolicies(tenantId, [{ name: "all" }]);
    await Promise.all(
      Array.from({ length: 6 }, (_none, place) => room.take(tenantId, [incidentAlert(tenantId)], place * 10)),
    );
    const listed = await room.listed(tenantId);
    expect(listed).toHaveLength(1);
    // What was read out of order behind a later place is not taken: the log hands entries out in one order.
    expect((await timelineOf(tenantId)).filter(({ kind }) => kind === "OPENED")).toHaveLength(1);
  });

  test("takes alerts of values of any length and of any symbols, also where its title and timeline are cut", async () => {
    const tenantId = freshTenantId();
    await room.setPolicies(tenantId, [{ name: "pages", groupBy: ["page"] }]);
    const pages = [0, 1].map((offset) => "x".repeat(offset) + "\u{1F525}".repeat(20_000));
    const alerts = pages.map((page) =>
      incidentAlert(tenantId, { labels: { page }, group: [{ name: "page", value: page }] }),
    );
    await room.take(tenantId, alerts);
    await room.take(
      tenantId,
      alerts.map((alert) => endOf(alert)),
      2,
    );
    expect(new Set((await room.listed(tenantId)).map(({ title }) => title.length))).toEqual(new Set([299, 300]));
    const told = (await timelineOf(tenantId)).filter(({ kind }) => kind.startsWith("ALERT_"));
    expect(told.map(({ text }) => Buffer.from(text).toString() === text && text.length < 1_000)).toEqual([true, true]);
  });

  test("makes whoever is on call by the policy's schedule the commander", async () => {
    const tenantId = freshTenantId();
    const schedule = "01936f1e-7c00-7000-8000-00000000000a";
    await room.setPolicies(tenantId, [{ name: "all", commanderSchedule: schedule }]);
    const { taking } = room.incidents;
    const onCallNow = (of: string, id: string) => Promise.resolve(of === tenantId && id === schedule ? "ada" : null);
    const { takeAlerts } = await import("./take-alerts.ts");
    await room.engines.resources.sql.transaction(tenantId, (transaction) =>
      takeAlerts({ ...taking, onCallNow })(transaction, tenantId, [
        ...[{ tenantId, topic: "", payload: incidentAlert(tenantId), cursor: { transaction: 1n, sequence: 0n } }],
      ]),
    );
    expect(await room.listed(tenantId)).toMatchObject([
      { roles: [{ role: "COMMANDER", personId: "ada", scheduleId: schedule }] },
    ]);
  });

  test("tells another tenant nothing, and its alerts are of no cause of this one", async () => {
    const [mine, others] = [freshTenantId(), freshTenantId()];
    await room.setPolicies(mine, [{ name: "all" }]);
    await room.take(others, [incidentAlert(others)]);
    expect([await room.listed(mine), await room.listed(others)]).toEqual([[], []]);
    await room.take(mine, [incidentAlert(mine)]);
    const [incident] = await room.listed(mine);
    if (incident === undefined) throw new Error("There is no incident.");
    const found = await room.operations.noteIncident(room.responderOf(others), incident.id, "seen");
    expect(found).toEqual({ kind: "NOT_FOUND", id: incident.id });
    expect(await room.incidents.loaders(others).incident.load(incident.id)).toBeNull();
  });
});

describe("what people do to an incident", () => {
  test("is in its timeline with who and why, in the order it was done, and what is done already is refused", async () => {
    const tenantId = freshTenantId();
    await room.setPolicies(tenantId, [{ name: "all" }]);
    await room.take(tenantId, [incidentAlert(tenantId)]);
    const [{ id } = { id: "" }] = await room.listed(tenantId);
    const [caller, { operations }] = [room.responderOf(tenantId), room];
    expect(await operations.acknowledgeIncident(caller, id, "on it")).toMatchObject({
      kind: "SAVED",
      incident: { state: "ACKNOWLEDGED" },
    });
    expect(await operations.acknowledgeIncident(caller, id, null)).toMatchObject({ kind: "REFUSED" });
    const person = "01936f1e-7c00-7000-8000-0000000000bb";
    await operations.assignIncidentRole(caller, id, { role: "SCRIBE", person });
    await operations.updateIncident(caller, id, {
      status: "The shop is up again.",
      mitigated: true,
      severity: "WARNING",
      title: "Shop down",
    });
    await operations.noteIncident(caller, id, "A disk was full.");
    expect(await operations.resolveIncident(caller, id, "mended")).toMatchObject({
      incident: {
        state: "RESOLVED",
        severity: "WARNING",
        title: "Shop down",
        status: "The shop is up again.",
        roles: [{ role: "SCRIBE", personId: person }],
      },
    });
    await operations.reopenIncident(caller, id, "It was not the disk.");
    const told = (await timelineOf(tenantId)).map(({ kind, text, by }) => [kind, text, by?.kind ?? null]);
    expect(told.slice(2)).toEqual([
      ["ACKNOWLEDGED", "on it", "API_KEY"],
      ["ROLE_ASSIGNED", `${person} is SCRIBE.`, "API_KEY"],
      ["STATUS_UPDATED", "The shop is up again.", "API_KEY"],
      ["SEVERITY_CHANGED", "ERROR to WARNING: The shop is up again.", "API_KEY"],
      ["MITIGATED", "The shop is up again.", "API_KEY"],
      ["NOTED", "A disk was full.", "API_KEY"],
      ["RESOLVED", "mended", "API_KEY"],
      ["REOPENED", "It was not the disk.", "API_KEY"],
    ]);
  });

  test("can't change a timeline: the application may only add to it", async () => {
    const { sql } = room.engines.resources;
    for (const text of ["UPDATE incident_entry SET said = ''", "DELETE FROM incident_entry"])
      await expect(sql.run(freshTenantId(), { name: text, text, params: [] }, () => null)).rejects.toThrow(
        "permission denied",
      );
  });

  test("tells how it went, with what is open told apart", async () => {
    const tenantId = freshTenantId();
    await room.setPolicies(tenantId, [{ name: "teams", groupBy: ["team"] }]);
    const began = room.clock.ms;
    await room.take(tenantId, [incidentAlert(tenantId, { labels: { team: "a" }, atMs: began - 120_000 })]);
    const caller = room.responderOf(tenantId);
    room.clock.ms += 60_000;
    const [{ id } = { id: "" }] = await room.listed(tenantId);
    await room.operations.acknowledgeIncident(caller, id, null);
    room.clock.ms += 60_000;
    await room.operations.resolveIncident(caller, id, null);
    await room.take(
      tenantId,
      [incidentAlert(tenantId, { labels: { team: "b" }, severity: "CRITICAL", atMs: room.clock.ms })],
      1,
    );
    room.clock.ms += 300_000;
    const range = {
      from: new Date(INCIDENT_EPOCH_MS - 1).toISOString(),
      to: new Date(room.clock.ms + 1).toISOString(),
    };
    expect(await room.operations.incidentMetrics(caller, range)).toMatchObject({
      ...{ opened: 2, open: 1, reopened: 0, neverAcknowledged: 0, betweenFailuresMs: 120_000 },
      toDetect: { count: 2, meanMs: 60_000 },
      toAcknowledge: { count: 1, meanMs: 60_000, medianMs: 60_000, waiting: 1, atLeastMs: 180_000 },
      toResolve: { count: 1, meanMs: 120_000, waiting: 1, atLeastMs: 210_000 },
    });
  });
});
