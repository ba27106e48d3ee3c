import type { SmsGateway } from "../channel.ts";
import type { Message } from "../message.ts";
import { fitSms } from "../sms-text.ts";
import type { Transmission } from "./transmission.ts";

/** Places that a gateway's texts may name. */
export const SMS_PLACES = ["to", "text", "from", "id", "secret"] as const;
const PLACE = /\{\{([a-z]+)\}\}/g;

/** Places in a text that there are not. */
export const unknownPlaces = (text: string): readonly string[] =>
  [...text.matchAll(PLACE)].map(([, name = ""]) => name).filter((name) => !SMS_PLACES.some((known) => known === name));

const inJson = (value: string): string => JSON.stringify(value).slice(1, -1);

const filled = (text: string, values: ReadonlyMap<string, string>, write: (value: string) => string): string =>
  text.replaceAll(PLACE, (_whole, name: string) => write(values.get(name) ?? ""));

/** Values of header fields hold no line ends: nothing that is put in makes another field. */
const inHeader = (value: string): string => value.replaceAll(/[^\u0020-\u007E]/g, "");

/** What is said in a short message: title and text, cut to as many parts as the channel takes. */
export const smsText = ({ title, text }: Message, maxParts: number): string =>
  fitSms(text === "" ? title : `${title}\n${text}`, maxParts);

/** A request to a gateway for one number; `id` is the same however often it is tried, for gateways that tell repetitions by it. */
export const smsRequest = (
  to: { readonly gateway: SmsGateway; readonly from: string; readonly number: string; readonly secret: string },
  message: Message,
  maxParts: number,
): Transmission => {
  const { gateway } = to;
  const values = new Map([
    ...([
      ["to", to.number],
      ["text", smsText(message, maxParts)],
      ["from", to.from],
    ] as const),
    ...([
      ["id", `${message.id}-${to.number.replaceAll(/\D/g, "")}`],
      ["secret", to.secret],
    ] as const),
  ]);
  const headers: Record<string, string> = {};
  for (const { name, value } of gateway.headers) headers[name.toLowerCase()] = filled(value, values, inHeader);
  const write = gateway.contentType === "application/json" ? inJson : encodeURIComponent;
  return {
    ...{ method: "POST", url: gateway.url, body: filled(gateway.body, values, write) },
    headers: { "user-agent": "Tessera", ...headers, "content-type": gateway.contentType },
  };
};
