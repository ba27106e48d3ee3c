import { errorCodes, type ErrorCode } from "@tessera/platform/errors/error-codes";

/** Close codes of the stream: those of RFC 6455, and 4000 plus the HTTP status that would have been answered. */
export const CLOSE = {
  goingAway: 1001,
  tryAgainLater: 1013,
  badRequest: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  authTimeout: 4408,
  tooMany: 4429,
  internal: 4500,
} as const;

const BY_STATUS: Readonly<Record<number, number>> = {
  401: CLOSE.unauthorized,
  403: CLOSE.forbidden,
  429: CLOSE.tooMany,
  500: CLOSE.internal,
  503: CLOSE.tryAgainLater,
  504: CLOSE.tryAgainLater,
};

/** How a socket is closed on a refusal; what is not listed is the client's mistake. */
export const closeCodeOf = (code: ErrorCode): number => {
  const { status } = errorCodes[code];
  return BY_STATUS[status] ?? (status >= 500 ? CLOSE.tryAgainLater : CLOSE.badRequest);
};

/** What the graph's own close of a connection means to the stream's reader. */
export const refusalCodeOf = (graphCloseCode: number): ErrorCode => {
  switch (graphCloseCode) {
    case 4401:
      return "UNAUTHENTICATED";
    case 4403:
      return "FORBIDDEN";
    case 4429:
      return "TOO_MANY_SUBSCRIPTIONS";
    case 4500:
      return "INTERNAL";
    default:
      return "DEPENDENCY_UNAVAILABLE";
  }
};
