-- Endpoints that an admin adds through the API, beside those of the operator's command; and the id of the event that each delivery tells.
-- Legal on PostgreSQL 15 and newer.
-- dispatch: old code works

-- Which of the two it is decides how events are signed and tried, and whether they may be sent into this network. API and workers have no
-- right to say so themselves: what they add is by_api.
ALTER TABLE webhook_endpoints ADD COLUMN by_api boolean NOT NULL DEFAULT false;
ALTER TABLE webhook_endpoints ALTER COLUMN by_api SET DEFAULT true;
-- Null in deliveries of before.
ALTER TABLE webhook_deliveries ADD COLUMN event_id uuid;

GRANT INSERT (id, url, subjects, secret, created_at) ON webhook_endpoints TO dispatch_app;
GRANT DELETE ON webhook_endpoints TO dispatch_app;
GRANT INSERT (endpoint_id, xact, id, since) ON webhook_cursors TO dispatch_app;

-- Of endpoints they may take away those alone.
CREATE FUNCTION keep_operators_webhook() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user = 'dispatch_app' AND NOT OLD.by_api THEN
    RAISE EXCEPTION 'webhook % is the operator''s', OLD.id USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER keep_operators_webhook BEFORE DELETE ON webhook_endpoints FOR EACH ROW EXECUTE FUNCTION keep_operators_webhook();
