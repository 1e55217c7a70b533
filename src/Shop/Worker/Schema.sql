-- Orders to fulfil and their outcome. Bounded by retention: 90 days after fulfilment.
CREATE TABLE IF NOT EXISTS fulfilments (
    order_id        uuid PRIMARY KEY,
    total_minor     bigint NOT NULL,
    currency        text NOT NULL,
    items           integer NOT NULL,
    card_network    text NOT NULL,
    card_last4      text NOT NULL,
    fraud_note      text,
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    lease_id        uuid,
    lease_until     timestamptz,
    traceparent     text,
    tracestate      text,
    baggage         text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    done_at         timestamptz
);

-- Unexpected failures; at the limit the row is parked until an operator resends it.
ALTER TABLE fulfilments ADD COLUMN IF NOT EXISTS failures integer NOT NULL DEFAULT 0;
ALTER TABLE fulfilments ADD COLUMN IF NOT EXISTS parked_at timestamptz;
CREATE INDEX IF NOT EXISTS fulfilments_claimable ON fulfilments (next_attempt_at) WHERE done_at IS NULL AND parked_at IS NULL;
CREATE INDEX IF NOT EXISTS fulfilments_parked ON fulfilments (parked_at) WHERE parked_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS fulfilments_done ON fulfilments (done_at) WHERE done_at IS NOT NULL;
DROP INDEX IF EXISTS fulfilments_due;

-- One receipt per order, whatever is redelivered.
CREATE TABLE IF NOT EXISTS receipts (
    order_id        uuid PRIMARY KEY REFERENCES fulfilments (order_id) ON DELETE CASCADE,
    content         text NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now()
);
