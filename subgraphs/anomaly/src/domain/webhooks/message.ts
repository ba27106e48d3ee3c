import { beginningOf } from "@tessera/platform/text/whole-characters";
import { moment, type Told, type WebhookEventType } from "./event-type.ts";

/** Bytes a body may have: Standard Webhooks 1.0.0 asks for less than 20 kB. */
export const MAX_BODY_BYTES = 20_000;

const bytesOf = (text: string): number => {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
};

/** Characters of a text that stays in a thinned body. */
const MAX_THIN_CHARACTERS = 500;

const thin = ({ ids }: WebhookEventType, data: Told["data"]): Record<string, unknown> =>
  Object.fromEntries(
    ids.map((name) => {
      const value = data[name];
      return [name, typeof value === "string" ? beginningOf(value, MAX_THIN_CHARACTERS) : value];
    }),
  );

/**
 * The body of a message: `type`, `timestamp`, `version` and `data`. One of {@link MAX_BODY_BYTES} or more has of its data only the type's `ids`, and
 * `thinned` with a link that reads the rest, for whoever may: what was too large is left out and never cut in the middle.
 */
export const bodyOf = (
  type: WebhookEventType,
  told: Told,
  at: { readonly readAtMs: number; readonly graphUrl: string },
): string => {
  const head = { type: type.name, timestamp: moment(told.occurredAtMs ?? at.readAtMs), version: type.version };
  const whole = JSON.stringify({ ...head, data: told.data });
  if (bytesOf(whole) < MAX_BODY_BYTES) return whole;
  const data = thin(type, told.data);
  const link = `${at.graphUrl}?query=${encodeURIComponent(type.question(data))}`;
  return JSON.stringify({ ...head, data, thinned: { link } });
};
