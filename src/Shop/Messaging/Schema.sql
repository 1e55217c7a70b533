-- Written in the caller's transaction, published by OutboxRelay. Bounded by retention: 7 days after publishing.
CREATE TABLE IF NOT EXISTS outbox (
    id              uuid PRIMARY KEY,
    exchange        text NOT NULL,
    routing_key     text NOT NULL,
    body            bytea NOT NULL,
    traceparent     text,
    tracestate      text,
    baggage         text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    published_at    timestamptz,
    -- Lease: moved ahead by the relay that claims the row; once it has passed, an unpublished row is free again.
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    attempts        integer NOT NULL DEFAULT 0,
    parked_at       timestamptz
);
ALTER TABLE outbox ADD COLUMN IF NOT EXISTS next_attempt_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX IF NOT EXISTS outbox_unpublished ON outbox (id) WHERE published_at IS NULL AND parked_at IS NULL;
CREATE INDEX IF NOT EXISTS outbox_parked ON outbox (id) WHERE parked_at IS NOT NULL AND published_at IS NULL;
CREATE INDEX IF NOT EXISTS outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;

-- One row per message that a queue's handler has processed. Bounded by retention: 7 days.
CREATE TABLE IF NOT EXISTS inbox (
    queue           text NOT NULL,
    message_id      text NOT NULL,
    received_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (queue, message_id)
);
CREATE INDEX IF NOT EXISTS inbox_received ON inbox (received_at);
