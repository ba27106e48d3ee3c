import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it, jest } from "@jest/globals";
import { z } from "zod";
import { eventually, pause } from "../testing/eventually.ts";
import { connectLive, type Followed } from "../testing/live-client.ts";
import { createTesseraClient, type TesseraClient } from "../testing/tessera-client.ts";
import { openTwoTenants, type SharedTenants } from "../testing/shared-instance.ts";
import { makeApiKey } from "./own-things.ts";

jest.setTimeout(120_000);
const START_MS = 240_000;
/** Milliseconds after which a change holds for every event that is told. */
const HOLDS_WITHIN_MS = 5_000;
/** Milliseconds events go on being sent after a change, so that a stream that was not stopped would tell some. */
const GO_ON_MS = 8_000;
const SEND_EVERY_MS = 150;
/** Events sent too late that show something when none of them is told. */
const SENT_LATE = 4;

const EVENTS = "subscription ($after: Cursor) { events(after: $after) { cursor event { id name userId city } } }";
const told = z.object({
  events: z.object({
    cursor: z.string(),
    event: z.object({ id: z.string(), name: z.string(), userId: z.string().nullable(), city: z.string().nullable() }),
  }),
});
const toldBy = ({ messages }: Followed) => messages.map((message) => told.parse(message).events);

let instance: SharedTenants;
let owner: TesseraClient;

beforeAll(async () => {
  instance = await openTwoTenants();
  owner = createTesseraClient(instance.url, instance.alpha.apiKey);
}, START_MS);

const succeeds = async (typename: string, text: string, variables: Record<string, unknown>): Promise<void> => {
  const answer = await owner.tell(text, variables);
  expect(JSON.stringify(answer)).toContain(`"__typename":"${typename}"`);
};
const createRole = (name: string, permissions: readonly string[]) =>
  succeeds("RoleSaved", "mutation ($input: RoleInput!) { createRole(input: $input) { __typename } }", {
    input: { name, permissions },
  });
const updateRole = (name: string, permissions: readonly string[]) =>
  succeeds("RoleSaved", "mutation ($input: RoleInput!) { updateRole(input: $input) { __typename } }", {
    input: { name, permissions },
  });
const assignRoles = (id: string, roles: readonly string[]) =>
  succeeds("RolesAssigned", "mutation ($input: AssignRolesInput!) { assignRoles(input: $input) { __typename } }", {
    input: { subject: { kind: "API_KEY", id }, roles },
  });
const savePolicy = (name: string, id: string, rest: Record<string, unknown>) =>
  succeeds("DataPolicySaved", "mutation ($input: DataPolicyInput!) { saveDataPolicy(input: $input) { __typename } }", {
    input: { name, subjects: [{ kind: "API_KEY", id }], ...rest },
  });

/** A key that may read events by a role of its own, and nothing else that matters here. */
const keyWithRole = async () => {
  const role = `reads-${randomUUID()}`;
  await createRole(role, ["analytics:read", "analytics:personal-data"]);
  const key = await makeApiKey(owner, role, ["ml:read"]);
  await assignRoles(key.id, [role]);
  return { ...key, role };
};
type Key = Awaited<ReturnType<typeof keyWithRole>>;

/** Sends events of a name, one after the other, until told to stop; remembers when each was sent. */
const sendEvents = (name: string, event: () => Record<string, unknown> = () => ({})) => {
  const sentAtMs = new Map<string, number>();
  let over = false;
  const send = async (): Promise<void> => {
    while (!over) {
      const id = randomUUID();
      sentAtMs.set(id, performance.now());
      await owner.send([{ id, name, ...event() }]);
      await pause(SEND_EVERY_MS);
    }
  };
  const sending = send();
  return {
    sentAtMs,
    stop: async (): Promise<void> => {
      over = true;
      await sending;
    },
  };
};

/** When events were sent that must not be told any more. */
const sentLate = (sentAtMs: ReadonlyMap<string, number>, changedAtMs: number): readonly number[] =>
  [...sentAtMs.values()].filter((atMs) => atMs - changedAtMs > HOLDS_WITHIN_MS);

/** Follows all events on an open socket through a change; answers the close code and what was told of events that were sent too late. */
const throughChange = async (key: Key, change: () => Promise<void>) => {
  const name = `stream-${randomUUID()}`;
  const live = await connectLive(instance.url, key.secret);
  const stream = live.follow(EVENTS);
  const sender = sendEvents(name);
  let [changedAtMs, code] = [0, 0];
  try {
    await stream.until((messages) => messages.length > 2);
    await change();
    changedAtMs = performance.now();
    code = await live.closed;
    await pause(Math.max(0, changedAtMs + GO_ON_MS - performance.now()));
    while (sentLate(sender.sentAtMs, changedAtMs).length < SENT_LATE) await pause(SEND_EVERY_MS);
  } finally {
    await sender.stop();
  }
  const late = toldBy(stream).filter(
    ({ event }) => (sender.sentAtMs.get(event.id) ?? 0) - changedAtMs > HOLDS_WITHIN_MS,
  );
  return { code, late, cursor: toldBy(stream).at(-1)?.cursor ?? null };
};

const isRefusedNow = async (key: Key): Promise<void> => {
  const again = await connectLive(instance.url, key.secret);
  const stream = again.follow(EVENTS);
  await eventually(() => expect(stream.ended()).toBe(true));
  expect(stream.messages).toEqual([]);
  expect(stream.problems).toMatchObject([
    [{ extensions: { code: "FORBIDDEN", field: "Subscription.events", permission: "analytics:read" } }],
  ]);
  await again.close();
};

describe("a stream that is open while its caller's rights change tells nothing by the old ones after five seconds", () => {
  const CHANGES: readonly (readonly [string, (key: Key) => Promise<void>])[] = [
    ["the permissions of its role", ({ role }) => updateRole(role, ["ml:read"])],
    [
      "its role, deleted",
      ({ role }) =>
        succeeds("Deletion", "mutation ($name: String!) { deleteRole(name: $name) { __typename } }", { name: role }),
    ],
    ["its roles, given others", ({ id }) => assignRoles(id, ["AUDITOR"])],
  ];
  it.concurrent.each(CHANGES)(
    "%s: the socket closes with 4403, and the stream is FORBIDDEN on the next",
    async (_what, change) => {
      const key = await keyWithRole();
      const { code, late } = await throughChange(key, () => change(key));
      expect({ code, late }).toEqual({ code: 4403, late: [] });
      await isRefusedNow(key);
    },
  );

  it.concurrent("its key, revoked: the socket closes with 4401, and no other opens", async () => {
    const key = await keyWithRole();
    const revoke = () =>
      succeeds("ApiKeyRevoked", "mutation ($id: ID!) { revokeApiKey(id: $id) { __typename } }", { id: key.id });
    const { code, late } = await throughChange(key, revoke);
    expect({ code, late }).toEqual({ code: 4401, late: [] });
    await expect(connectLive(instance.url, key.secret)).rejects.toThrow("4401");
  });

  it.concurrent("its networks, bound to others: the socket closes, and no other opens", async () => {
    const key = await keyWithRole();
    const text =
      "mutation ($id: ID!, $networks: [String!]!) { setApiKeyNetworks(id: $id, networks: $networks) { __typename } }";
    const bind = () => succeeds("ApiKeyNetworksSet", text, { id: key.id, networks: ["203.0.113.0/24"] });
    const { code, late } = await throughChange(key, bind);
    expect(late).toEqual([]);
    expect([4401, 4403]).toContain(code);
    await expect(connectLive(instance.url, key.secret)).rejects.toThrow(/440[13]/);
  });

  it.concurrent(
    "its data policy: the socket closes with 4403, and what is told from the last cursor on is filtered and masked",
    async () => {
      const key = await keyWithRole();
      const [shown, hidden] = [`shown-${randomUUID()}`, `hidden-${randomUUID()}`];
      const policy = {
        rowFilters: [{ column: "NAME", operator: "NOT_IN", values: [hidden] }],
        masks: [{ column: "USER_ID", mask: "HASH" }],
      };
      const { code, late, cursor } = await throughChange(key, () => savePolicy(shown, key.id, policy));
      expect({ code, late }).toEqual({ code: 4403, late: [] });
      await owner.send([{ name: hidden, userId: "mallory" }]);
      await owner.send([{ name: shown, userId: "mallory" }]);
      const again = await connectLive(instance.url, key.secret);
      const stream = again.follow(EVENTS, { after: cursor });
      await stream.until((messages) => JSON.stringify(messages).includes(shown));
      const names = toldBy(stream).map(({ event }) => event.name);
      expect(names).not.toContain(hidden);
      expect(JSON.stringify(stream.messages)).not.toContain("mallory");
      await again.close();
    },
  );
});

describe("every single event of a stream is told as its reader may see it", () => {
  it("row filters leave out and masks replace at each event, for one of two equal streams alone", async () => {
    const blind = await keyWithRole();
    const seeing = await keyWithRole();
    const name = `each-${randomUUID()}`;
    const policy = {
      rowFilters: [{ column: "COUNTRY", operator: "IN", values: ["DE"] }],
      masks: [
        { column: "USER_ID", mask: "CONSTANT", value: "somebody" },
        { column: "CITY", mask: "NULL" },
      ],
    };
    await savePolicy(name, blind.id, policy);
    const [one, other] = [
      await connectLive(instance.url, blind.secret),
      await connectLive(instance.url, seeing.secret),
    ];
    const [filtered, whole] = [one.follow(EVENTS), other.follow(EVENTS)];
    let count = 0;
    const next = (): Record<string, unknown> => {
      count += 1;
      return { country: count % 2 === 0 ? "DE" : "FR", city: "Bonn", userId: `person-${count}` };
    };
    const sender = sendEvents(name, next);
    await filtered.until((messages) => messages.length >= 10);
    await sender.stop();
    const last = [...sender.sentAtMs.keys()].at(-1) ?? "";
    await whole.until((messages) => JSON.stringify(messages).includes(last));
    const seen = toldBy(whole).filter(({ event }) => event.name === name);
    const evenPersons = new Set(
      seen.filter(({ event }) => /[02468]$/.test(event.userId ?? "")).map(({ event }) => event.id),
    );
    const ofBlind = toldBy(filtered).filter(({ event }) => event.name === name);
    expect(ofBlind.length).toBeGreaterThan(3);
    expect(ofBlind.filter(({ event }) => !evenPersons.has(event.id))).toEqual([]);
    expect(new Set(ofBlind.map(({ event }) => `${event.userId} ${event.city}`))).toEqual(new Set(["somebody null"]));
    expect(seen.length).toBeGreaterThan(ofBlind.length);
    await Promise.all([one.close(), other.close()]);
  });

  it("conditions on properties and on the beginning of the page's address hold at each event; a missing property hides it", async () => {
    const key = await keyWithRole();
    const name = `property-${randomUUID()}`;
    await savePolicy(name, key.id, {
      rowFilters: [
        { column: "PROPERTIES", operator: "IN", values: ["pro"], property: { path: "plan" } },
        { column: "URL", operator: "STARTS_WITH", values: ["https://shop.example/pricing"] },
      ],
    });
    const live = await connectLive(instance.url, key.secret);
    const stream = live.follow(EVENTS);
    const [shown, hidden] = ["https://shop.example/pricing/eu", "https://shop.example/"];
    const kinds = [
      { userId: "shown", url: shown, properties: { plan: "pro" } },
      { userId: "missing", url: shown },
      { userId: "another value", url: shown, properties: { plan: "free" } },
      { userId: "another type", url: shown, properties: { plan: ["pro"] } },
      { userId: "deeper", url: shown, properties: { plan: { plan: "pro" } } },
      { userId: "another page", url: hidden, properties: { plan: "pro" } },
    ];
    let count = 0;
    const sender = sendEvents(name, () => kinds[(count += 1) % kinds.length] ?? {});
    await stream.until((messages) => messages.length >= 3);
    await sender.stop();
    expect(count).toBeGreaterThan(kinds.length);
    expect(new Set(toldBy(stream).map(({ event }) => event.userId))).toEqual(new Set(["shown"]));
    await live.close();
  });

  it("a field that asks for its own permission is refused at each event, and the rest of the event is told", async () => {
    const { secret } = await makeApiKey(owner, "no personal data", ["analytics:read"]);
    const live = await connectLive(instance.url, secret);
    const stream = live.follow("subscription { events { cursor event { id userId } } }");
    const sender = sendEvents(`personal-${randomUUID()}`, () => ({ userId: "ada" }));
    await stream.until((messages) => messages.length >= 3);
    await sender.stop();
    expect(JSON.stringify(stream.messages)).not.toContain("ada");
    for (const message of stream.messages)
      expect(message).toMatchObject({ events: { cursor: expect.any(String), event: { userId: null } } });
    expect(stream.problems.length).toBeGreaterThanOrEqual(3);
    for (const problem of stream.problems)
      expect(problem).toMatchObject({ extensions: { code: "FORBIDDEN", permission: "analytics:personal-data" } });
    await live.close();
  });
});
