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
    -- True once an attempt may have reached the acquirer: from then on it is asked, never assumed.
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
CREATE INDEX IF NOT EXISTS payments_due ON payments (next_attempt_at) WHERE status IN ('due', 'refund_due');
