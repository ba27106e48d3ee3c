/** The sending side of one socket. */
export interface Sender {
  /** Sends a text; `sent` is called when it has left this process. */
  readonly send: (text: string, sent: () => void) => void;
}

/** Messages on their way to one reader. */
export interface LatestOutbox<Message> {
  readonly next: (message: Message) => void;
  readonly close: () => void;
}

/**
 * Keeps at most one message under way and one waiting: a newer one replaces it, because each is complete in itself. So a slow reader costs the
 * memory of two messages however slow it is, and always sees the newest next; `encode` is told how many were left out before it.
 */
export const createLatestOutbox = <Message>(
  sender: Sender,
  encode: (message: Message, skipped: number) => string,
): LatestOutbox<Message> => {
  let waiting: { readonly message: Message } | null = null;
  let underWay = false;
  let skipped = 0;
  let open = true;
  const send = (message: Message): void => {
    underWay = true;
    const text = encode(message, skipped);
    skipped = 0;
    sender.send(text, onSent);
  };
  const onSent = (): void => {
    underWay = false;
    const next = waiting;
    waiting = null;
    if (open && next !== null) send(next.message);
  };
  return {
    next: (message) => {
      if (!open) return;
      if (!underWay) return send(message);
      if (waiting !== null) skipped += 1;
      waiting = { message };
    },
    close: () => {
      open = false;
      waiting = null;
    },
  };
};
