-- Channels that name an endpoint of webhooks: a delivery of such a channel is handed over to the endpoint, whose own delivery then says what becomes of it.

-- HANDED_OVER: begun, and a message of the endpoint since; it ends with the endpoint's delivery.
ALTER TABLE notify_delivery DROP CONSTRAINT notify_delivery_state_check;
ALTER TABLE notify_delivery ADD CONSTRAINT notify_delivery_state_check
  CHECK (state IN ('GATHERING', 'SENDING', 'RETRYING', 'HANDED_OVER', 'SENT', 'FAILED', 'DROPPED'));

-- The delivery of a channel that it was made for; null of what the log tells. A message that was handed over has the id of the channel's delivery.
ALTER TABLE webhook_delivery ADD COLUMN notify_delivery_id uuid;

-- Channels by the endpoint they name: they are told again when it is resumed.
CREATE INDEX notify_channel_of_endpoint ON notify_channel (tenant_id, (settings->>'endpointId')) WHERE deleted_at IS NULL AND settings->>'endpointId' IS NOT NULL;

-- settleHandedOver: ends the delivery of a channel as the endpoint's delivery ended, with its attempts and what was last answered, and tells once that it is over. What is
-- dropped while it still waits is over, too. A replay that arrives makes it SENT.
CREATE FUNCTION settle_handed_over() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  one webhook_delivery := coalesce(NEW, OLD);
  is_sent boolean := TG_OP <> 'DELETE' AND one.state = 'DELIVERED';
  over_at timestamptz(3) := coalesce(one.ended_at, one.due_at);
  last webhook_attempt;
  was text;
  channel uuid;
BEGIN
  -- Nobody is told what goes with the tenant itself.
  IF TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM tenant t WHERE t.id = one.tenant_id AND t.state = 'DELETING') THEN RETURN NULL; END IF;
  SELECT d.state, d.channel_id INTO was, channel FROM notify_delivery d WHERE d.tenant_id = one.tenant_id AND d.id = one.notify_delivery_id FOR UPDATE;
  IF NOT FOUND OR NOT (was = 'HANDED_OVER' OR (was = 'FAILED' AND is_sent)) THEN RETURN NULL; END IF;
  SELECT a.* INTO last FROM webhook_attempt a WHERE a.tenant_id = one.tenant_id AND a.delivery_id = one.id ORDER BY a.number DESC LIMIT 1;
  UPDATE notify_delivery d SET state = CASE WHEN is_sent THEN 'SENT' ELSE 'FAILED' END, attempts = greatest(d.attempts, one.attempts), finished_at = over_at,
    response_code = last.status, response = left(last.detail, 500),
    log = d.log || jsonb_build_array(jsonb_build_object(
      'atMs', floor(extract(epoch FROM over_at) * 1000), 'outcome', CASE WHEN is_sent THEN 'SENT' ELSE 'GIVEN_UP' END, 'code', last.status,
      'said', CASE
        WHEN is_sent THEN left(coalesce(last.detail, ''), 500)
        WHEN TG_OP = 'DELETE' THEN 'It waited at the endpoint for longer than messages are kept.'
        ELSE CASE one.end_reason
          WHEN 'GONE' THEN 'The endpoint answered 410 Gone and is disabled.'
          WHEN 'ATTEMPTS_USED_UP' THEN 'The endpoint took it at none of its attempts; it can be replayed.'
          WHEN 'ENDPOINT_DISABLED' THEN 'The endpoint is disabled; it can be replayed once that is resumed.'
          WHEN 'QUEUE_FULL' THEN 'Too many messages wait for the endpoint; it can be replayed.'
          WHEN 'NOT_PERMITTED' THEN 'Whoever saved the endpoint last may not read of alerts.'
          WHEN 'ENDPOINT_DELETED' THEN 'The endpoint was deleted.'
          ELSE coalesce(one.end_reason, '')
        END
      END
    ))
  WHERE d.tenant_id = one.tenant_id AND d.id = one.notify_delivery_id;
  INSERT INTO event_log (tenant_id, topic, dedupe_key, payload) VALUES (
    one.tenant_id, 'notification.settled', one.notify_delivery_id::text, jsonb_build_object(
      'tenantId', one.tenant_id, 'deliveryId', one.notify_delivery_id, 'channelId', channel, 'state', CASE WHEN is_sent THEN 'SENT' ELSE 'FAILED' END,
      'atMs', floor(extract(epoch FROM over_at) * 1000)
    )
  ) ON CONFLICT (tenant_id, topic, dedupe_key) DO NOTHING;
  RETURN NULL;
END
$$;
CREATE TRIGGER settle_handed_over AFTER INSERT OR UPDATE OF state ON webhook_delivery FOR EACH ROW
  WHEN (NEW.notify_delivery_id IS NOT NULL AND NEW.state IN ('DELIVERED', 'DEAD', 'SKIPPED')) EXECUTE FUNCTION settle_handed_over();
CREATE TRIGGER settle_dropped_while_waiting AFTER DELETE ON webhook_delivery FOR EACH ROW
  WHEN (OLD.notify_delivery_id IS NOT NULL AND OLD.state IN ('WAITING', 'BEHIND')) EXECUTE FUNCTION settle_handed_over();
