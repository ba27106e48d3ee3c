/** A message of an endpoint that a channel was to tell: it has the id of the channel's delivery, however often it is handed over. */
export interface HandedMessage {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly body: string;
  readonly to: readonly {
    readonly id: string;
    readonly endpointId: string;
    readonly orderingKey: string | null;
    readonly notifyDeliveryId: string;
  }[];
}
