-- supplied = stock + units in orders that are not declined: lets a test prove that no unit is lost or sold twice.
CREATE TABLE IF NOT EXISTS products (
    sku             text PRIMARY KEY,
    name            text NOT NULL,
    price_minor     bigint NOT NULL CHECK (price_minor > 0),
    currency        text NOT NULL,
    stock           integer NOT NULL CHECK (stock >= 0),
    target_stock    integer NOT NULL,
    supplied        bigint NOT NULL
);

-- Bounded by retention: 90 days. The id is a version 7 uuid: its order is the order of creation.
CREATE TABLE IF NOT EXISTS orders (
    id              uuid PRIMARY KEY,
    tenant_id       text NOT NULL,
    user_id         text NOT NULL,
    status          text NOT NULL,
    total_minor     bigint NOT NULL,
    currency        text NOT NULL,
    items           integer NOT NULL,
    card_network    text NOT NULL,
    card_last4      text NOT NULL,
    decline_reason  text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    decided_at      timestamptz
);
CREATE INDEX IF NOT EXISTS orders_by_tenant ON orders (tenant_id, id DESC);
CREATE INDEX IF NOT EXISTS orders_created ON orders (created_at);
CREATE INDEX IF NOT EXISTS orders_waiting ON orders (created_at) WHERE status IN ('pending', 'paid');

CREATE TABLE IF NOT EXISTS order_lines (
    order_id        uuid NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    line            integer NOT NULL,
    sku             text NOT NULL,
    quantity        integer NOT NULL CHECK (quantity > 0),
    price_minor     bigint NOT NULL,
    PRIMARY KEY (order_id, line)
);

-- The first response to a key, committed with the order itself. Bounded by retention: 24 hours.
CREATE TABLE IF NOT EXISTS idempotency (
    tenant_id       text NOT NULL,
    user_id         text NOT NULL,
    key             uuid NOT NULL,
    fingerprint     bytea NOT NULL,
    order_id        uuid NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id, key)
);
CREATE INDEX IF NOT EXISTS idempotency_created ON idempotency (created_at);

INSERT INTO products (sku, name, price_minor, currency, stock, target_stock, supplied) VALUES
    ('lamp-arc',      'Arc floor lamp',         18900, 'EUR', 500, 500, 500),
    ('lamp-clip',     'Clip-on reading lamp',    3450, 'EUR', 900, 900, 900),
    ('chair-birch',   'Birch chair',            12900, 'EUR', 400, 400, 400),
    ('chair-swivel',  'Swivel chair',           24900, 'EUR', 300, 300, 300),
    ('desk-oak',      'Oak desk',               59900, 'EUR', 150, 150, 150),
    ('desk-standing', 'Standing desk',          79900, 'EUR', 120, 120, 120),
    ('mug-blue',      'Blue mug',                1250, 'USD', 2000, 2000, 2000),
    ('mug-steel',     'Steel travel mug',        2495, 'USD', 1500, 1500, 1500),
    ('kettle',        'Gooseneck kettle',        6400, 'USD', 600, 600, 600),
    ('beans-dark',    'Dark roast beans, 1 kg',  1990, 'USD', 3000, 3000, 3000),
    ('beans-light',   'Light roast beans, 1 kg', 2190, 'USD', 3000, 3000, 3000),
    ('grinder',       'Hand grinder',            8900, 'USD', 250, 250, 250)
ON CONFLICT (sku) DO NOTHING;
