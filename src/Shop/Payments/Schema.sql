-- One row for each order to be paid; its id is the idempotency key at the acquirer. Bounded by retention: 90 days after the decision.
CREATE TABLE IF NOT EXISTS payments (
    id              uuid PRIMARY KEY,
    order_id        uuid NOT NULL UNIQUE,
    amount_minor    bigint NOT NULL,
    currency        text NOT NULL,
    pay_by          timestamptz NOT NULL,
    status          text NOT NULL,
    reason          text,
    -- Null as soon as the charge is final.
    sealed_card     text,
    -- True once an attempt may have reached the acquirer: from then on it is queried, never assumed.
    maybe_charged   boolean NOT NULL DEFAULT false,
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    lease_id        uuid,
    lease_until     timestamptz,
    traceparent     text,
    tracestate      text,
    baggage         text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    decided_at      timestamptz
);

-- Unexpected failures; at the limit the row is parked until an operator resends it.
ALTER TABLE payments ADD COLUMN IF NOT EXISTS failures integer NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN IF NOT EXISTS parked_at timestamptz;
-- Time of the last webhook that reported a charge.
ALTER TABLE payments ADD COLUMN IF NOT EXISTS reported_at timestamptz;
-- When the outcome was reported as overdue, once.
ALTER TABLE payments ADD COLUMN IF NOT EXISTS overdue_at timestamptz;
CREATE INDEX IF NOT EXISTS payments_open ON payments (next_attempt_at)
    WHERE status IN ('due', 'void_due', 'refund_due') AND parked_at IS NULL;
CREATE INDEX IF NOT EXISTS payments_parked ON payments (parked_at) WHERE parked_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS payments_decided ON payments (decided_at) WHERE decided_at IS NOT NULL;
DROP INDEX IF EXISTS payments_due;
DROP INDEX IF EXISTS payments_claimable;
