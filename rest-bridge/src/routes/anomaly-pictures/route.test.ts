import { describe, expect, it } from "@jest/globals";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";

const ID = "0195e2a0-0000-7000-8000-000000000001";
const at = (format: string): string => `/api/v2/anomalies/${ID}/picture/${format}`;

const bridge = bridgeOfTests();
const draws = (picture: object | null): void =>
  bridge.graph.decide(() => ({ data: { anomaly: picture === null ? null : { picture } }, rateLimit: {} }));

describe("pictures of anomalies", () => {
  it("are sent as they were drawn, by their own media types, and run nothing when they are opened", async () => {
    draws({ png: Buffer.from("points").toString("base64"), alternative: "words" });
    const png = await bridge.ask(`${at("png")}?theme=dark`);
    expect([png.status, png.headers.get("content-type"), await png.text()]).toEqual([200, "image/png", "points"]);
    expect(bridge.graph.calls.at(-1)?.variables).toEqual({ id: ID, theme: "DARK" });
    draws({ svg: '<svg role="img"/>', alternative: "words" });
    const svg = await bridge.ask(at("svg"));
    expect(svg.headers.get("content-type")).toContain("image/svg+xml");
    expect(svg.headers.get("content-security-policy")).toContain("sandbox");
    expect(await svg.text()).toBe('<svg role="img"/>');
    expect(bridge.graph.calls.at(-1)?.variables).toEqual({ id: ID, theme: "LIGHT" });
  });

  it("are none of what the tenant does not have, and refuse what they don't know", async () => {
    draws(null);
    const nothing = await bridge.ask(at("svg"));
    expect([nothing.status, await nothing.json()]).toEqual([
      404,
      expect.objectContaining({ code: "NOT_FOUND", field: "anomaly_id" }),
    ]);
    bridge.graph.calls.length = 0;
    expect((await bridge.ask(`${at("png")}?theme=pink`)).status).toBe(400);
    const foreign = await bridge.ask(`${at("png")}?tenant_id=0195e2a0-0000-7000-8000-00000000000f`);
    expect(await foreign.json()).toMatchObject({ code: "TENANT_MISMATCH" });
    expect(bridge.graph.calls).toEqual([]);
  });
});
