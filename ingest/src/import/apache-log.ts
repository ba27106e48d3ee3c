import { parseRfc3339 } from "../domain/rfc3339.ts";

/** One request of a web server's log in the "combined" (or "common") format; absent parts (`-`) are empty. */
export interface ApacheRequest {
  readonly ip: string;
  readonly user: string;
  /** RFC 3339. */
  readonly time: string;
  readonly method: string;
  readonly url: string;
  readonly protocol: string;
  readonly status: number;
  /** Bytes of the answer's body; null when none was sent. */
  readonly bytes: number | null;
  readonly referrer: string;
  readonly userAgent: string;
}

const QUOTED = String.raw`"((?:[^"\\]|\\.)*)"`;
const LINE = new RegExp(
  String.raw`^(\S+) (\S+) (.+?) \[([^\]]+)\] ${QUOTED} (\d{3}) (\d+|-)(?: ${QUOTED} ${QUOTED})?\s*$`,
);
const TIME = /^(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{2})(\d{2})$/;
const REQUEST = /^(\S+) (\S+)(?: (\S+))?$/;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Apache's time (`17/May/2015:10:05:03 +0000`) in RFC 3339; null when it is none. */
export const apacheTime = (text: string): string | null => {
  const [, day, monthName = "", year, clock, hours, minutes] = TIME.exec(text) ?? [];
  const month = MONTHS.indexOf(monthName) + 1;
  if (month === 0) return null;
  const time = `${year}-${String(month).padStart(2, "0")}-${day}T${clock}${hours}:${minutes}`;
  return Number.isNaN(parseRfc3339(time)) ? null : time;
};

// mod_log_config: quotes and backslashes are escaped by a backslash, other bytes are left as \xhh and stay as they are.
const unescaped = (text: string): string => text.replaceAll(/\\(["\\])/g, "$1");
const present = (text: string | undefined): string => (text === undefined || text === "-" ? "" : unescaped(text));

/**
 * Parses one line of Apache's combined log format, `%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i"`; the last two may be
 * missing (common format). Answers a sentence that says what is wrong when the line is none.
 */
export const parseApacheLine = (line: string): ApacheRequest | string => {
  const match = LINE.exec(line);
  if (match === null) return "not a line of the combined log format";
  const [, ip = "", , user, timeText = "", requestText = "", status, bytes = "-", referrer, userAgent] = match;
  const time = apacheTime(timeText);
  if (time === null) return `"${timeText}" is not a time`;
  const [, method = "", url = "", protocol = ""] = REQUEST.exec(unescaped(requestText)) ?? [];
  if (method === "" && requestText !== "-") return "the request is not `method url protocol`";
  return {
    ip,
    user: present(user),
    time,
    method,
    url,
    protocol,
    status: Number(status),
    bytes: bytes === "-" ? null : Number(bytes),
    referrer: present(referrer),
    userAgent: present(userAgent),
  };
};
