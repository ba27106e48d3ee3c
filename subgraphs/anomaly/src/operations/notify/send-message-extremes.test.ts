import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { createServer } from "node:https";
import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import { createPublicRequests } from "@tessera/platform/http/public-request";
import { createTestCertificate } from "@tessera/platform/testing/certificate";
import { beginningOf } from "@tessera/platform/text/whole-characters";
import fc from "fast-check";
import { z } from "zod";
import { EVERY_KIND, sendTo } from "../../testing/notify/every-kind.ts";
import { openReceivers, type Receivers } from "../../testing/notify/receivers.ts";

// Nothing here is measured in time.
jest.setTimeout(60_000);

let receivers: Receivers;
beforeAll(async () => {
  receivers = await openReceivers();
});
afterEach(() => {
  receivers.accepted.length = 0;
});
afterAll(() => receivers.close());

const kinds = Object.entries(EVERY_KIND);

/** Letters of one to four bytes, what some format has a meaning for, and joined symbols: any of them may stand where a text is cut. */
const letters = fc.constantFrom("a", "ä", "€", "\u{1F525}", "\u{1F468}\u200D\u{1F469}", "&", "<", '"', "\\", "`", "*");
/** Words of every length up to what values of events may have, so that whatever is cut is cut at every place of a letter. */
const word = fc
  .tuple(fc.nat(5), letters, fc.oneof(fc.integer({ min: 30, max: 300 }), fc.constantFrom(1, 3_000, 20_000)))
  .map(([offset, letter, times]) => "x".repeat(offset) + letter.repeat(times));
const alert: fc.Arbitrary<Partial<AlertChanged>> = fc.record({
  ...{ ruleName: word.map((text) => beginningOf(text, 200)), because: word },
  group: fc.array(fc.record({ name: fc.constantFrom("page", "country"), value: fc.option(word) }), { maxLength: 2 }),
  labels: fc.dictionary(fc.constantFrom("page", "team", "shop"), word, { maxKeys: 3 }),
  to: fc.constantFrom("FIRING", "ACKNOWLEDGED", "RESOLVED"),
});

describe("What is sent", () => {
  test("is taken by every receiver however long its texts are and whatever stands where they are cut", async () => {
    await fc.assert(
      fc.asyncProperty(alert, async (one) => {
        const outcomes = await Promise.all(
          kinds.map(async ([name, input]) => {
            const { outcome } = await sendTo(input(receivers.url), { url: receivers.url, alert: one });
            return [name, outcome.kind];
          }),
        );
        expect(outcomes).toEqual(kinds.map(([name]) => [name, "SENT"]));
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });
});

describe("Who is not reached", () => {
  test.each(kinds)("by %s, since nobody listens or the name leads nowhere, is tried again", async (_name, input) => {
    const lost = createPublicRequests({ allowLoopback: true, resolve: () => Promise.resolve([]) });
    const dead = "http://127.0.0.1:1";
    expect((await sendTo(input(dead), { url: dead })).outcome).toMatchObject({ kind: "TRY_AGAIN", code: null });
    const away = "https://receiver.example";
    expect((await sendTo(input(away), { url: away, requests: lost })).outcome).toMatchObject({ kind: "TRY_AGAIN" });
  });

  test.each(kinds)("by %s, since the name leads within by now, is connected to by nobody", async (_name, input) => {
    const moved = createPublicRequests({
      ...{ allowLoopback: false, resolve: () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]) },
    });
    const { port } = new URL(receivers.url);
    const url = `https://receiver.example:${port}`;
    expect((await sendTo(input(url), { url, requests: moved })).outcome).toMatchObject({
      ...{ kind: "REFUSED", disables: true },
    });
    expect(receivers.accepted).toEqual([]);
  });

  test.each(kinds)("by %s, since its certificate is another's or nobody's, is told nothing", async (_name, input) => {
    const { certificate, key } = createTestCertificate("other.example");
    const told: string[] = [];
    const server = createServer({ cert: certificate, key }, (request, response) => {
      told.push(request.url ?? "");
      response.end("ok");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = z.object({ port: z.number() }).parse(server.address());
    const url = `https://receiver.example:${port}`;
    const resolve = () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]);
    for (const trusted of [{}, { certificateAuthority: certificate }]) {
      const requests = createPublicRequests({ allowLoopback: true, resolve, ...trusted });
      expect((await sendTo(input(url), { url, requests })).outcome).toMatchObject({ kind: "TRY_AGAIN", code: null });
    }
    expect(told).toEqual([]);
    await new Promise((closed) => server.close(closed));
  });
});
