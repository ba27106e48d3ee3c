import { describe, expect, it } from "@jest/globals";
import type { FileOfReport } from "@tessera/contracts/report-mails";
import fc from "fast-check";
import { SAMPLE_DELIVERY } from "../../testing/notify/sample-channel.ts";
import { mailOf } from "./kinds/email.ts";
import { MAIL_FILE_BYTES, reportMail } from "./report-mail.ts";

const of = { id: SAMPLE_DELIVERY, runId: "run", publicUrl: "https://tessera.example", atMs: 0 };
const to = { from: "reports@tessera.example", recipients: ["ada@example.com"], channelId: SAMPLE_DELIVERY };
const file = (format: FileOfReport["format"], bytes: Uint8Array | null): FileOfReport => ({
  ...{ format, name: `weekly.${format.toLowerCase()}`, bytes },
});
const text = (of: string): Uint8Array => new TextEncoder().encode(of);

describe("a report's mail", () => {
  it("has every picture of its page as a part of its own that the page names, with the same bytes, and none within the page", () => {
    const picture = fc.uint8Array({ minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(picture, { maxLength: 6 }), fc.lorem(), (pictures, words) => {
        const shown = pictures.map((bytes) => Buffer.from(bytes).toString("base64"));
        const html = `<meta content="img-src data:; x">${words}${shown.map((one) => `<img alt="a" src="data:image/png;base64,${one}">`).join(words)}`;
        const { message, page } = reportMail({ name: "Weekly", files: [file("HTML", text(html))] }, of);
        const mail = mailOf(to, message, [], page);
        expect(mail.html).not.toContain("data:image");
        const named = [...mail.html.matchAll(/src="cid:([^"]+)"/g)].map(([, cid = ""]) => cid);
        const parts = new Map(mail.pictures.map(({ cid, png }) => [cid, Buffer.from(png).toString("base64")]));
        expect(named.map((cid) => parts.get(cid))).toEqual(shown);
        expect([parts.size, mail.html.includes("img-src data: cid:;")]).toEqual([shown.length, true]);
      }),
      { numRuns: 200, endOnFailure: true },
    );
  });

  it("has no more bytes of files than relays take, and says by name and link what is left out", () => {
    const size = fc.option(fc.integer({ min: 0, max: 120 }), { nil: null });
    fc.assert(
      fc.property(fc.tuple(size, size, size), (sizes) => {
        const files = (["HTML", "CSV", "XLSX"] as const).map((format, place) => {
          const length = sizes[place] ?? null;
          return file(format, length === null ? null : new Uint8Array(length).fill(120));
        });
        const { message, page } = reportMail({ name: "Weekly", files }, { ...of, mostBytes: 150 });
        const kept = [
          ...(page.html === null ? [] : [page.html.length]),
          ...page.attachments.map((a) => a.bytes.length),
        ];
        expect(kept.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(150);
        const named = new Set(page.attachments.map(({ name }) => name));
        const left = files.filter(({ format, name }) => (format === "HTML" ? page.html === null : !named.has(name)));
        const line = message.text.split("\n").find((one) => one.startsWith("Too large"));
        expect(line ?? null).toBe(
          left.length === 0 ? null : `Too large for a mail: ${left.map(({ name }) => name).join(", ")}.`,
        );
        for (const { name, format } of files)
          expect(message.text).toContain(
            `${name}: https://tessera.example/api/v2/report-runs/run/files/${format.toLowerCase()}`,
          );
      }),
      { numRuns: 200, endOnFailure: true },
    );
    // In base64, with the headers, it is below the ten million bytes that relays commonly take.
    expect(Math.ceil(MAIL_FILE_BYTES / 57) * 78).toBeLessThan(9_800_000);
  });
});
