import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { describe, expect, it } from "@jest/globals";
import { refuse } from "../errors/refusal.ts";
import { createClientAddress } from "../http/client-address.ts";
import { callerWith, freshTenantId } from "../testing/ask-subgraph.ts";
import { acceptForwardedCallers, createForwardCaller } from "./forwarded-caller.ts";
import { createIdentitySigner, IDENTITY_LIFETIME_SECONDS } from "./identity.ts";
import { presentationOf } from "./presentation.ts";

const SECRET = "the secret of one installation, long enough";
const caller = callerWith(freshTenantId(), ["platform:record"]);
const own = callerWith(freshTenantId(), []);

const gateway = () => {
  const looked: (string | undefined)[] = [];
  const state = { nowMs: 1_795_000_000_000, looked };
  const nowMs = (): number => state.nowMs;
  const forwarded = acceptForwardedCallers({
    authenticate: (header) => {
      state.looked.push(header);
      return header === "Bearer own" ? Promise.resolve(own) : Promise.reject(refuse("UNAUTHENTICATED", "no"));
    },
    clientAddress: createClientAddress([]),
    secret: SECRET,
    nowMs,
  });
  const forward = createForwardCaller(createIdentitySigner({ secret: SECRET, nowMs }));
  return { state, nowMs, forward, ...forwarded };
};

describe("a caller that an edge process forwards", () => {
  it("is who the edge has verified, from where the edge has seen it, whatever the connection and other headers say", async () => {
    const { forward, authenticate, clientAddress, isForwarded, state } = gateway();
    const request = new IncomingMessage(new Socket());
    request.headers["x-forwarded-for"] = "198.51.100.1";
    const header = await forward(caller, "203.0.113.7");
    expect(await authenticate(header, presentationOf(request))).toEqual(caller);
    expect([clientAddress(request), isForwarded(request), state.looked]).toEqual(["203.0.113.7", true, []]);
  });

  it("is none of those who come by themselves, whose own address counts", async () => {
    const { authenticate, clientAddress, isForwarded } = gateway();
    const request = new IncomingMessage(new Socket());
    expect(await authenticate("Bearer own", presentationOf(request))).toBe(own);
    expect([clientAddress(request), isForwarded(request)]).toEqual(["", false]);
  });

  it("ends with what was signed, on an open connection too", async () => {
    const { forward, authenticate, state } = gateway();
    const header = await forward(caller, "203.0.113.7");
    state.nowMs += (IDENTITY_LIFETIME_SECONDS - 1) * 1_000;
    expect(await authenticate(header, "AGAIN")).toEqual(caller);
    state.nowMs += 1_000;
    await expect(authenticate(header, "AGAIN")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(await authenticate(await forward(caller, "203.0.113.7"), "AGAIN")).toEqual(caller);
  });

  it.each<[string, (parts: ReturnType<typeof gateway>) => Promise<string>]>([
    ["made up", () => Promise.resolve("Tessera-Identity x.y.z")],
    [
      "signed with another secret",
      ({ nowMs }) => createForwardCaller(createIdentitySigner({ secret: `${SECRET}!`, nowMs }))(caller, "203.0.113.7"),
    ],
    [
      "signed for a subgraph",
      async ({ nowMs }) =>
        `Tessera-Identity ${await createIdentitySigner({ secret: SECRET, nowMs })(caller, "tenant")}`,
    ],
  ])("%s is a wrong credential like any other: refused, and looked at where those are counted", async (_what, make) => {
    const parts = gateway();
    const request = new IncomingMessage(new Socket());
    const header = await make(parts);
    await expect(parts.authenticate(header, presentationOf(request))).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    expect([parts.state.looked, parts.isForwarded(request)]).toEqual([[header], false]);
  });
});
