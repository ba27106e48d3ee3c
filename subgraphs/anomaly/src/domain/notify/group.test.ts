import { describe, expect, test } from "@jest/globals";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { alertOf } from "../../testing/notify/notify-room.ts";
import { groupOf, viewOfGroup, type GroupChange, type GroupMember, type GroupState } from "./group.ts";
import { MAX_TOLD, messageOf } from "./message.ts";

const tenantId = freshTenantId();
const STATES = { F: "FIRING", A: "ACKNOWLEDGED", R: "RESOLVED" } as const;
const named = (text: string) => alertOf(tenantId, { ruleName: text.slice(0, 1) });
const alerts = new Map(["a", "b", "c", "d"].map((name) => [name, named(name)]));
/** `aF`: alert a fires. */
const alert = (text: string) => {
  const state = text[1] === "A" ? STATES.A : text[1] === "R" ? STATES.R : STATES.F;
  return { ...(alerts.get(text.slice(0, 1)) ?? named(text)), to: state };
};
const words = (text: string): readonly string[] => text.split(" ").filter((word) => word !== "");
/** `aF`: told that a fires; `aF!`: to be told, and failed; `aF?`: failed, though told to be open before; `aF.`: told, and over since. */
const member = (text: string): GroupMember => {
  const [one, mark] = [alert(text), text.slice(2)];
  const told = mark !== "!";
  return { subject: one.anomalyId ?? "", alert: one, told, lost: mark === "!" || mark === "?", gone: mark === "." };
};
const GROUP = { id: "g", labels: { country: "DE" }, episode: "e", more: 0 };
const CHANNEL = { name: "x", settings: { kind: "EMAIL" }, templates: { title: null, body: null } } as const;

describe("A message about a group", () => {
  test.each<[string, string, string, GroupState]>([
    ["", "aF", "aNEW", "BEGAN"],
    ["", "aF bF", "aNEW bNEW", "BEGAN"],
    ["", "aF aR", "aOVER", "OVER"],
    ["", "aF aR bF", "aOVER bNEW", "BEGAN"],
    ["aF", "bF", "bNEW aSTILL", "CHANGED"],
    ["aF bF", "aA", "aCHANGED bSTILL", "CHANGED"],
    ["aF bF", "aR", "aOVER bSTILL", "CHANGED"],
    ["aF bF", "aR bR", "aOVER bOVER", "OVER"],
    ["aF bF", "aR aF", "aCHANGED bSTILL", "CHANGED"],
    ["aF!", "bF", "aNEW bNEW", "BEGAN"],
    ["aF! bF", "cF", "aNEW cNEW bSTILL", "CHANGED"],
    ["aA? bF", "bR", "aCHANGED bOVER", "CHANGED"],
    ["aR? bF", "bA", "aOVER bCHANGED", "CHANGED"],
    ["aR!", "aF", "aNEW", "BEGAN"],
    ["aF. bF", "bA", "bCHANGED", "CHANGED"],
    ["aF.", "aR", "aOVER", "OVER"],
    ["aF.", "bR", "bOVER", "OVER"],
  ])("after `%s`, of the steps `%s`, tells %s and that it %s", (members, news, told, state) => {
    const view = viewOfGroup({ ...GROUP, members: words(members).map(member) }, words(news).map(alert));
    expect(view.alerts.map((one) => `${one.alert.ruleName}${one.change}`)).toEqual(words(told));
    expect(view.state).toBe(state);
    const count = (change: GroupChange): number => words(told).filter((one) => one.endsWith(change)).length;
    expect(view.counts).toEqual({
      NEW: count("NEW"),
      CHANGED: count("CHANGED"),
      OVER: count("OVER"),
      STILL: count("STILL"),
    });
  });

  const message = (members: string, news: string, more = 0) => {
    const group = viewOfGroup({ ...GROUP, more, members: words(members).map(member) }, words(news).map(alert));
    return messageOf({
      id: "x",
      channel: CHANNEL,
      alerts: words(news).map(alert),
      unlisted: 0,
      wait: "GROUP",
      atMs: 0,
      group,
    });
  };

  test("says in its title what is new, changed, over and open, and is threaded by the group's episode", () => {
    expect(message("aF", "bF cF")).toMatchObject({
      ...{ title: "[WARNING] country=DE: 2 new, 1 still open", subject: "e", count: 3, action: "TRIGGER" },
      group: { state: "CHANGED", changes: ["NEW", "NEW", "STILL"] },
    });
    expect(message("aF bF", "aR cA")).toMatchObject({ title: "[WARNING] country=DE: 1 new, 1 over, 1 still open" });
    expect(message("aF bF", "aR bR")).toMatchObject({ title: "[WARNING] country=DE: all over (2)", action: "RESOLVE" });
    expect(message("", "aF")).toMatchObject({ title: "[WARNING] a (country=DE): FIRING", subject: "e", count: 1 });
    expect(
      message("aF", "bF")
        .text.split("\n")
        .map((line) => line.split(" ").slice(0, 4).join(" ")),
    ).toEqual(["- NEW [WARNING] b", "- STILL [WARNING] a"]);
  });

  test("is as grave as what is open of it, and names at most 25 of all it counts", () => {
    const grave = { ...alert("aR"), severity: "CRITICAL" as const };
    const group = viewOfGroup({ ...GROUP, members: [member("aF"), member("bF")] }, [grave]);
    const parts = { id: "x", channel: CHANNEL, unlisted: 0, wait: "GROUP", atMs: 0 } as const;
    expect(messageOf({ ...parts, alerts: [grave], group }).severity).toBe("WARNING");
    const many = Array.from({ length: 30 }, () => alertOf(tenantId));
    const whole = viewOfGroup({ ...GROUP, members: [], more: 7 }, many);
    const told = messageOf({ ...parts, alerts: many, group: whole });
    expect([told.alerts.length, told.group?.changes.length, told.count]).toEqual([MAX_TOLD, MAX_TOLD, 37]);
    expect(told.title).toBe("[WARNING] country=DE: 30 new, 7 still open");
    expect(told.text).toMatch(/and 12 more$/);
  });
});

test("Groups are of one route and equal values, and have the labels that there are", () => {
  const way = {
    ...{ path: ["all"], channels: [], groupBy: ["country", "team"], groupWaitSeconds: 0, groupIntervalSeconds: 0 },
    ...{ quietHours: null, escalation: null },
  };
  const group = groupOf(way, { country: "DE", other: "x" });
  expect(group?.labels).toEqual({ country: "DE" });
  expect(groupOf(way, { country: "DE", team: "" })?.id).toBe(group?.id);
  expect(groupOf(way, { country: "DE", team: "a" })?.id).not.toBe(group?.id);
  expect(groupOf({ ...way, path: ["all", "b"] }, { country: "DE" })?.id).not.toBe(group?.id);
  expect(groupOf({ ...way, groupBy: [] }, { country: "DE" })).toBeNull();
  // However long the values are, what names the group is not.
  expect(groupOf(way, { country: "x".repeat(100_000) })?.id).toHaveLength(36);
});
