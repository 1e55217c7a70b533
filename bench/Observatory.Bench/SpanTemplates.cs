using Platform.Observatory.Otlp;
using Kind = Platform.Observatory.Otlp.Span.Types.SpanKind;

namespace Platform.Observatory.Bench;

/// <summary>The spans of one order in each service, with the attributes that .NET, Npgsql and the shop put on them.</summary>
internal static class SpanTemplates
{
    public static readonly string[] Services = ["gateway", "orders", "payments", "worker"];
    private static readonly string[] Tenants = ["nordwind", "harbor", "alpine", "bluebird", "cedar", "delta", "ember", "fjord"];

    /// <summary>Varied by a number, so that a batch has many tenants, users, products and outcomes.</summary>
    public static Span[] Of(string service, int variant)
    {
        Span[] spans = service switch
        {
            "gateway" =>
            [
                Server("POST /api/orders", "/api/orders", 8080, variant),
                Client("POST", "orders", 5101, "/orders", variant),
                Redis("GET", variant),
                Step("authorize_request", variant),
            ],
            "orders" =>
            [
                Server("POST /orders", "/orders", 5101, variant),
                Sql(
                    "INSERT orders",
                    "ordersdb",
                    "INSERT INTO orders (id, tenant_id, user_id, total, currency) VALUES ($1, $2, $3, $4, $5)",
                    variant
                ),
                Sql("UPDATE stock", "ordersdb", "UPDATE stock SET available = available - $2 WHERE sku = $1 AND available >= $2", variant),
                Step("price_order", variant),
            ],
            "payments" =>
            [
                Consumer("payments.order-placed", "order.placed", variant),
                Client("POST", "acquirer", 5301, "/v1/charges", variant),
                Sql("UPDATE payments", "paymentsdb", "UPDATE payments SET state = $2, lease = NULL WHERE id = $1 AND lease = $3", variant),
                Step("charge_card", variant),
            ],
            _ =>
            [
                Consumer("worker.order-paid", "order.paid", variant),
                Client("POST", "llm", 5302, "/v1/chat/completions", variant),
                Sql(
                    "INSERT fulfilment",
                    "workerdb",
                    "INSERT INTO fulfilment (order_id, state) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                    variant
                ),
                Step("send_receipt", variant),
            ],
        };

        foreach (var span in spans)
        {
            span.Attributes.Add([
                Text("tenant.id", Tenants[variant % Tenants.Length]),
                Text("user.id", $"u-{variant % Tenants.Length}-{variant % 60}"),
            ]);
            span.Status =
                variant % 40 == 0
                    ? new Status { Code = Status.Types.StatusCode.Error, Message = "The acquirer did not answer in time" }
                    : null;
            span.Flags = 257;
        }

        return spans;
    }

    public static Resource ResourceOf(string service, int instance) =>
        new()
        {
            Attributes =
            {
                Text("service.name", service),
                Text("service.version", "2026.11.21-9f4a21c"),
                Text("service.instance.id", $"{service}-{instance}"),
                Text("deployment.environment.name", "development"),
                Text("cloud.region", "eu-central-1"),
                Text("telemetry.sdk.name", "opentelemetry"),
                Text("telemetry.sdk.language", "dotnet"),
                Text("telemetry.sdk.version", "1.14.0"),
            },
        };

    private static Span Server(string name, string route, int port, int variant) =>
        Make(
            name,
            Kind.Server,
            Text("http.request.method", "POST"),
            Text("url.scheme", "http"),
            Text("url.path", route),
            Text("http.route", route),
            Text("server.address", "localhost"),
            Number("server.port", port),
            Text("network.protocol.version", "1.1"),
            Text("user_agent.original", "Traffic/1.0 (+shop)"),
            Number("http.response.status_code", variant % 40 == 0 ? 503 : 202)
        );

    private static Span Client(string method, string host, int port, string path, int variant) =>
        Make(
            method,
            Kind.Client,
            Text("http.request.method", method),
            Text("server.address", host),
            Number("server.port", port),
            Text("url.full", $"http://{host}:{port}{path}"),
            Text("network.protocol.version", "1.1"),
            Text("url.template", path),
            Number("http.response.status_code", variant % 40 == 0 ? 504 : 200),
            Number("http.request.resend_count", variant % 3),
            Text("peer.service", host)
        );

    private static Span Sql(string name, string database, string text, int variant) =>
        Make(
            name,
            Kind.Client,
            Text("db.system.name", "postgresql"),
            Text("db.namespace", database),
            Text("db.query.text", text),
            Text("db.operation.name", name[..name.IndexOf(' ')]),
            Text("server.address", "127.0.0.1"),
            Number("server.port", 5432),
            Number("db.npgsql.data_source", variant % 2),
            Number("db.npgsql.connection_id", 100 + (variant % 20))
        );

    private static Span Redis(string command, int variant) =>
        Make(
            command,
            Kind.Client,
            Text("db.system.name", "redis"),
            Text("db.namespace", "0"),
            Text("db.operation.name", command),
            Text("db.query.text", $"GET product:{variant % 200}"),
            Text("server.address", "127.0.0.1"),
            Number("server.port", 6379),
            Text("network.peer.address", "127.0.0.1"),
            Number("network.peer.port", 6379)
        );

    private static Span Consumer(string queue, string key, int variant) =>
        Make(
            $"process {queue}",
            Kind.Consumer,
            Text("messaging.system", "rabbitmq"),
            Text("messaging.destination.name", queue),
            Text("messaging.operation.type", "process"),
            Text("messaging.operation.name", "process"),
            Text("messaging.rabbitmq.destination.routing_key", key),
            Text("messaging.message.id", $"01938f2c-{variant % 10_000:D4}-7aaa-bbbb-000000000000"),
            Number("messaging.message.body.size", 700 + (variant % 300)),
            Number("messaging.rabbitmq.message.delivery_tag", variant)
        );

    private static Span Step(string name, int variant) =>
        Make(
            name,
            Kind.Internal,
            Text("platform.step", name),
            Text("platform.order.currency", "EUR"),
            Number("platform.order.lines", 1 + (variant % 5)),
            Number("platform.order.total", 1_000 + (variant * 7 % 90_000)),
            Text("platform.sku", $"sku-{variant % 300:D4}"),
            Text("platform.outcome", variant % 40 == 0 ? "failed" : "done"),
            Text("code.function.name", "Platform.Shop.Step.RunAsync"),
            Number("thread.id", variant % 32)
        );

    private static Span Make(string name, Kind kind, params KeyValue[] attributes) =>
        new()
        {
            Name = name,
            Kind = kind,
            Attributes = { attributes },
        };

    private static KeyValue Text(string key, string value) =>
        new()
        {
            Key = key,
            Value = new AnyValue { StringValue = value },
        };

    private static KeyValue Number(string key, long value) =>
        new()
        {
            Key = key,
            Value = new AnyValue { IntValue = value },
        };
}
