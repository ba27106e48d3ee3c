import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "@jest/globals";
import { loadGatewayOptions } from "./config.ts";

const NAMES = readFileSync(fileURLToPath(new URL("./config.ts", import.meta.url)), "utf8").match(
  /\bGATEWAY_[A-Z_]+(?=:)/g,
);

describe("loadGatewayOptions", () => {
  it("has a default for everything", () => {
    expect(loadGatewayOptions({})).toMatchObject({ executor: "tessera", safelist: "off", allowedOrigins: [] });
  });

  it("reads lists, weights and numbers", () => {
    const options = loadGatewayOptions({
      GATEWAY_ALLOWED_ORIGINS: "https://a.example, http://localhost:5173",
      GATEWAY_FIELD_WEIGHTS: '{"Query.olap": 50}',
      GATEWAY_MAX_DEPTH: "7",
    });
    expect(options.allowedOrigins).toEqual(["https://a.example", "http://localhost:5173"]);
    expect(options.limits.cost.fieldWeights).toEqual({ "Query.olap": 50 });
    expect(options.limits.maxDepth).toBe(7);
  });

  it("tells every problem at once", () => {
    const load = () =>
      loadGatewayOptions({
        GATEWAY_SAFELIST: "maybe",
        GATEWAY_ALLOWED_ORIGINS: "*",
        GATEWAY_FIELD_WEIGHTS: "{",
        GATEWAY_CREDENTIAL_CHECK_MS: "60000",
      });
    for (const name of ["SAFELIST", "ALLOWED_ORIGINS", "FIELD_WEIGHTS", "CREDENTIAL_CHECK_MS"]) {
      expect(load).toThrow(new RegExp(`GATEWAY_${name}`));
    }
  });

  it("refuses a budget that the costliest operation could never fit", () => {
    expect(() => loadGatewayOptions({ GATEWAY_RATE_BUDGET: "9999" })).toThrow(/GATEWAY_MAX_COST/);
    expect(loadGatewayOptions({ GATEWAY_RATE_BUDGET: "0" }).rate.budget).toBe(0);
  });

  it("is documented, name by name", () => {
    const documented = readFileSync(fileURLToPath(new URL("../../docs/configuration.md", import.meta.url)), "utf8");
    expect(NAMES?.length).toBeGreaterThan(20);
    expect(NAMES?.filter((name) => !documented.includes(`\`${name}\``))).toEqual([]);
  });
});
