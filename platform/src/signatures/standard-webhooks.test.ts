import { createPublicKey, randomBytes, verify } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { newWebhookSecret, webhookHeaders } from "./standard-webhooks.ts";

/** The vectors that the specification's own libraries are tested with. */
const PUBLISHED = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: '{"test": 2432232314}' };

describe("signatures of webhooks", () => {
  it("are the published ones", () => {
    expect(webhookHeaders(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], PUBLISHED)).toEqual({
      "webhook-id": PUBLISHED.id,
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
    const { "webhook-signature": asymmetric } = webhookHeaders(
      ["whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk="],
      PUBLISHED,
    );
    expect(asymmetric).toBe(
      "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==",
    );
  });

  it("are made by every secret, in order, and verified with the public key alone", () => {
    const secrets = [newWebhookSecret("ED25519", randomBytes), newWebhookSecret("HMAC_SHA256", randomBytes)];
    const { "webhook-signature": header } = webhookHeaders(
      secrets.map(({ secret }) => secret),
      PUBLISHED,
    );
    const [first = "", second = ""] = header.split(" ");
    expect([first.slice(0, 4), second.slice(0, 3)]).toEqual(["v1a,", "v1,"]);
    const x = Buffer.from((secrets[0]?.publicKey ?? "").replace("whpk_", ""), "base64").toString("base64url");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    const signed = (body: string) => Buffer.from(`${PUBLISHED.id}.${PUBLISHED.timestamp}.${body}`);
    const signature = Buffer.from(first.slice(4), "base64");
    expect(verify(null, signed(PUBLISHED.body), key, signature)).toBe(true);
    expect(verify(null, signed(`${PUBLISHED.body} `), key, signature)).toBe(false);
    expect(secrets[1]).toMatchObject({ kind: "HMAC_SHA256", publicKey: null });
  });

  it.each(["", "whsec_", "whsec_c2hvcnQ=", "whsk_c2hvcnQ=", "secret", `whsec_${"A".repeat(90)}`, "whsec_%%%%"])(
    "are not made with %p",
    (secret) => {
      expect(() => webhookHeaders([secret], PUBLISHED)).toThrow("webhook secret");
    },
  );
});
