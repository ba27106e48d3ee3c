import { afterEach, describe, expect, it } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { startIngest, freshTenant, ready, writerOf, type RunningIngest } from "../testing/running-ingest.ts";
import { createIngest } from "../ingest.ts";
import { createHttpServer, listenOn } from "@tessera/platform/http/server";
import { createIdentitySigner, createIdentityVerifier } from "@tessera/platform/auth/identity";
import { INGEST_AUDIENCE, registerInternalIngestRoute } from "../http/routes.ts";
import { createRemoteIngest } from "../remote-ingest.ts";

describe("one writer", () => {
  let running: RunningIngest | null = null;
  afterEach(async () => {
    await running?.close();
    running = null;
  });

  it("a second process stands by, refuses events with a time to come back, and takes over when the first leaves", async () => {
    running = await startIngest();
    const { deps, ingest } = running;
    const second = createIngest({ ...deps, journalDirectory: `${deps.journalDirectory}/second` });
    await second.start();
    const [tenantId, id] = [freshTenant(), randomUUID()];
    const event = [{ id, name: "n" }];
    await expect(second.ingest(writerOf(tenantId), event)).rejects.toMatchObject({
      code: "DEPENDENCY_UNAVAILABLE",
      extras: { retryAfterSeconds: 2 },
    });
    expect(await ingest.ingest(writerOf(tenantId), event)).toMatchObject({ accepted: 1 });
    await ingest.stop();
    await ready(second);
    expect(await second.ingest(writerOf(tenantId), event)).toMatchObject({ accepted: 0, duplicate: 1 });
    await second.stop();
  }, 60_000);

  it("another process of the platform writes through the signed internal route alone", async () => {
    running = await startIngest();
    const { deps, ingest } = running;
    const secret = "a secret of at least thirty-two characters";
    const server = createHttpServer({ logger: deps.logger });
    const { nowMs } = deps;
    registerInternalIngestRoute(server, {
      ingest,
      verify: createIdentityVerifier({ secret, audience: INGEST_AUDIENCE, nowMs }),
    });
    const url = `http://127.0.0.1:${await listenOn(server, "127.0.0.1", 0)}`;
    const [honest, forger] = [secret, `${secret}!`].map((key) =>
      createRemoteIngest({ url, sign: createIdentitySigner({ secret: key, nowMs }) }),
    );
    if (honest === undefined || forger === undefined) throw new Error("two clients");
    const caller = writerOf(freshTenant());
    const id = randomUUID();
    expect(await honest.ingest(caller, [{ id, name: "n" }, { name: "" }])).toMatchObject({
      accepted: 1,
      rejected: 1,
      outcomes: [
        { kind: "ACCEPTED", eventId: id },
        { kind: "REJECTED", path: "/name" },
      ],
    });
    await expect(forger.ingest(caller, [{ name: "n" }])).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(honest.ingest({ ...caller, permissions: new Set() }, [{ name: "n" }])).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    await expect(honest.ingest(caller, [])).rejects.toMatchObject({ code: "BAD_INPUT" });
    await server.close();
    await expect(honest.ingest(caller, [{ name: "n" }])).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    await Promise.all([honest.close(), forger.close()]);
  }, 60_000);
});
