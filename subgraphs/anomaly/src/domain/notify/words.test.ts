import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { alertOf } from "../../testing/notify/notify-room.ts";
import { CHANNEL_KINDS } from "./channel.ts";
import { isMailbox } from "./kinds/email.ts";
import { MAX_TOLD, messageOf } from "./message.ts";
import { nextTryMs, RETRIES } from "./retry.ts";
import { fitSms, smsSize } from "./sms-text.ts";
import { templateProblem } from "./template.ts";

const tenantId = freshTenantId();

describe("A template", () => {
  test.each([
    ["{{rule}} {{labels.team}} {{#alerts}}{{severity}}{{/alerts}}{{^more}}!{{/more}}{{! a word }}", null],
    ["{{severty}}", "There is no variable `severty`. Did you mean `severity`?"],
    ["{{#alerts}}{{becaus}}{{/alerts}}", "There is no variable `becaus`. Did you mean `because`?"],
    ["{{constructor}}", "There is no variable `constructor`."],
    ["{{labels}}", "`labels` is followed by a label: `{{labels.team}}`."],
    ["{{{rule}}}", "`rule` is written unescaped: write it with two braces."],
    ["{{&rule}}", "`rule` is written unescaped: write it with two braces."],
    ["{{> other}}", "There are no partial templates."],
    ["{{=<% %>=}}<% rule %>", "The braces of a template can't be changed."],
    [
      "{{#alerts}}{{#alerts}}{{#alerts}}{{#alerts}}{{#alerts}}x{{/alerts}}{{/alerts}}{{/alerts}}{{/alerts}}{{/alerts}}",
      "Sections lie within one another 4 deep at most.",
    ],
    ["{{#alerts}}", expect.stringMatching(/^The template can't be read: Unclosed section "alerts"/)],
    ["x".repeat(4_001), "A template has at most 4000 characters."],
  ])("is told what is wrong with it, case %#", (template, problem) => {
    expect(templateProblem(template)).toEqual(problem);
  });

  test("that is permitted renders whatever values there are, in every kind, within bounds and without control characters", () => {
    const texts = fc.string({ unit: "binary", maxLength: 400 });
    fc.assert(
      fc.property(texts, texts, fc.constantFrom(...CHANNEL_KINDS), (ruleName, because, kind) => {
        const channel = {
          name: "x",
          settings: { kind },
          templates: { title: "{{rule}}", body: "{{because}}{{labels.__proto__}}{{labels.constructor}}" },
        };
        const alert = alertOf(tenantId, { ruleName, because });
        const { title, text } = messageOf({ id: "x", channel, alerts: [alert], unlisted: 0, wait: "NOW", atMs: 0 });
        expect(title.length).toBeLessThanOrEqual(250);
        expect(title).not.toMatch(/\p{Cc}|[\u202A-\u202E]/u);
        expect(text).not.toMatch(/[^\P{Cc}\n\t]|[\u202A-\u202E]|\[object|function/u);
        if (kind === "SLACK") expect(`${title}${text}`).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
      }),
      { numRuns: 300, endOnFailure: true },
    );
  });
});

test("A message tells the newest of each alert, names at most 25, and counts the others", () => {
  const channel = { name: "x", settings: { kind: "SLACK" }, templates: { title: null, body: null } } as const;
  const alerts = Array.from({ length: 40 }, (_none, place) => alertOf(tenantId, { ruleName: `Rule ${place}` }));
  const [first] = alerts;
  const resolved = { ...alertOf(tenantId, { ...first, to: "RESOLVED" }), severity: "CRITICAL" as const };
  const message = messageOf({ id: "x", channel, alerts: [...alerts, resolved], unlisted: 60, wait: "DIGEST", atMs: 0 });
  expect([message.alerts.length, message.count, message.action, message.subject]).toEqual([
    MAX_TOLD,
    100,
    "TRIGGER",
    null,
  ]);
  expect(message.title).toBe("100 alerts, the worst CRITICAL");
  expect(message.text.split("\n").slice(0, 1)).toEqual([
    expect.stringContaining("[CRITICAL] Rule 0 (country=DE): RESOLVED"),
  ]);
  expect(message.text).toMatch(/and 75 more$/);
});

describe("What the built-in words tell of one alert", () => {
  const channel = { name: "x", settings: { kind: "EMAIL" }, templates: { title: null, body: null } } as const;
  const textOf = (more: Parameters<typeof alertOf>[1]): string =>
    messageOf({
      ...{ id: "x", channel, unlisted: 0, wait: "NOW", atMs: 0 },
      alerts: [alertOf(tenantId, { anomalyId: null, atMs: Date.parse("2026-07-01T01:05:30.250Z"), ...more })],
    }).text;
  const shown = { number: "conversionRate each hour", unit: "%", times: 100, timeZone: "Europe/Berlin", about: "" };

  test("is what was seen, in the number's unit, since when on the rule's clock, why, and what the rule is for", () => {
    const sinceMs = Date.parse("2026-07-01T00:00:00Z");
    const seen = { value: 0.123, expected: 0.4, low: 0.35, high: 0.45, because: "0.123 where 0.4 is usual", sinceMs };
    expect(textOf({ ...seen, shown: { ...shown, about: "Call the shop's desk." } }).split("\n")).toEqual([
      "0.123 where 0.4 is usual",
      "conversionRate each hour: 12.3 %, expected 40 %, normal 35 to 45 %",
      "FIRING at 2026-07-01 03:05 (Europe/Berlin): it has been beyond what is normal for as long as its rule asks",
      "Since 2026-07-01 02:00 (Europe/Berlin), 66 min",
      "Call the shop's desk.",
    ]);
  });

  test.each([
    [{ low: null, high: 0.05 }, "normal at most 5 %"],
    [{ low: 0.3, high: null }, "normal at least 30 %"],
    [{ low: 0.3, high: 0.5 }, "normal 30 to 50 %"],
    [{ low: null, high: null }, "expected 10 %"],
  ])("is on which side of a bound the number is normal, for %j", (bounds, end) => {
    expect(textOf({ value: 0.2, expected: 0.1, ...bounds, shown }).split("\n")[1]).toMatch(new RegExp(`${end}$`));
  });

  test("names what has no value in a group, and says of an alert that was told by an older release what is known", () => {
    const text = textOf({ value: 7, expected: null, low: null, high: 5, sinceMs: null, because: "7 against 5" });
    expect(text.split("\n").slice(0, 2)).toEqual(["7 against 5", "Value: 7, normal at most 5"]);
    const { title } = messageOf({
      ...{ id: "x", channel, unlisted: 0, wait: "NOW", atMs: 0 },
      alerts: [alertOf(tenantId, { group: [{ name: "operation", value: null }] })],
    });
    expect(title).toBe("[WARNING] Orders (operation=(none)): FIRING");
  });

  test("says no reason twice", () => {
    const because = "its rule was deleted";
    const text = textOf({ to: "RESOLVED", reason: "RULE_DELETED", because, value: null, sinceMs: null, shown });
    expect(text).toBe("its rule was deleted\nRESOLVED at 2026-07-01 03:05 (Europe/Berlin)");
  });
});

describe("A short message", () => {
  test.each([
    ["a".repeat(160), "GSM_7", 1],
    ["a".repeat(161), "GSM_7", 2],
    ["a".repeat(306), "GSM_7", 2],
    ["a".repeat(307), "GSM_7", 3],
    ["€".repeat(80), "GSM_7", 1],
    ["€".repeat(81), "GSM_7", 2],
    // A septet is left over at the end of the first part: an escaped character is not split.
    [`${"a".repeat(152)}€${"a".repeat(152)}`, "GSM_7", 3],
    ["ж".repeat(70), "UCS_2", 1],
    ["ж".repeat(71), "UCS_2", 2],
    ["😀".repeat(35), "UCS_2", 1],
    // 67 units hold 33 pairs, and no half of one.
    ["😀".repeat(67), "UCS_2", 3],
  ] as const)("%.12s... is as many parts as networks count", (text, encoding, parts) => {
    expect(smsSize(text)).toEqual({ encoding, parts });
  });

  test("is cut to what fits, and to no less", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "€", "ж", "😀", "\n"), maxLength: 700 }),
        fc.integer({ min: 1, max: 4 }),
        (text, most) => {
          const cut = fitSms(text, most);
          expect(smsSize(cut).parts).toBeLessThanOrEqual(most);
          if (cut === text) return;
          const kept = Array.from(cut.slice(0, -3));
          expect(text.startsWith(kept.join(""))).toBe(true);
          const more = `${[...kept, Array.from(text)[kept.length]].join("")}...`;
          expect(smsSize(more).parts).toBeGreaterThan(most);
        },
      ),
      { numRuns: 300, endOnFailure: true },
    );
  });
});

describe("Tries", () => {
  test("are further and further apart, never sooner than asked, and end as stated", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.option(fc.nat(40_000_000)),
        (random, retryAfterMs) => {
          let [sinceMs, attempts] = [0, 0];
          for (;;) {
            attempts += 1;
            const waitMs = nextTryMs({ attempts, sinceMs, retryAfterMs, random });
            if (waitMs === null) break;
            const most = Math.min(RETRIES.mostMs, RETRIES.firstMs * 2 ** (attempts - 1));
            expect(waitMs).toBeGreaterThanOrEqual(Math.max(most / 2, retryAfterMs ?? 0));
            expect(waitMs).toBeLessThanOrEqual(Math.max(most, retryAfterMs ?? 0));
            sinceMs += waitMs;
            expect(sinceMs).toBeLessThanOrEqual(RETRIES.endMs);
          }
          expect(attempts).toBeLessThanOrEqual(RETRIES.attempts + (retryAfterMs === null ? 20 : 0));
        },
      ),
      { numRuns: 200, endOnFailure: true },
    );
  });

  test("go on when a clock jumps: time ends nothing that was tried a few times", () => {
    const tried = { sinceMs: 400 * 86_400_000, retryAfterMs: null, random: 0 };
    expect(nextTryMs({ ...tried, attempts: RETRIES.fewest - 1 })).toBeGreaterThan(0);
    expect(nextTryMs({ ...tried, attempts: RETRIES.fewest })).toBeNull();
    expect(nextTryMs({ ...tried, attempts: 1, retryAfterMs: RETRIES.mostMs + 1 })).toBeNull();
  });
});

test.each([
  ["ada@example.com", true],
  ["ada+alerts@mail.example.co", true],
  ["Ada <ada@example.com>", false],
  ["ada@example.com, bob@example.com", false],
  ["ada@example.com\r\nBcc: bob@example.com", false],
  ["ada@localhost", false],
  [".ada@example.com", false],
  ["a..b@example.com", false],
  [`${"a".repeat(65)}@example.com`, false],
])("%s is a mailbox: %s", (text, isOne) => {
  expect(isMailbox(text)).toBe(isOne);
});
