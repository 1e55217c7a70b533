using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Aspire.Hosting.Testing;
using RabbitMQ.Client;

namespace Platform.Tests.Support;

/// <summary>
/// One run of the platform outside Development with everything in it that makes telemetry - orders, refusals, a failure, a job, a poison
/// message - and a secret in every input. Several tests look at what came out.
/// </summary>
public sealed class EmittedRun(PlatformFixture platform) : IAsyncLifetime
{
    /// <summary>A value that must be found wherever canaries are searched, or the search is blind.</summary>
    public const string Control = "control-7f3a";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private readonly List<(string Input, string Answer)> _answers = [];
    private TelemetryTap? _tap;

    internal TelemetryTap Tap => _tap ?? throw new InvalidOperationException("The run did not take place.");

    internal IReadOnlyList<Emitted<Observatory.Otlp.Span>> Spans { get; private set; } = [];

    internal IReadOnlyList<Emitted<Observatory.Otlp.LogRecord>> Records { get; private set; } = [];

    internal IReadOnlyList<Emitted<Otlp.Metric>> Metrics { get; private set; } = [];

    internal IReadOnlyList<JsonElement> Events { get; private set; } = [];

    public Canaries Canaries { get; } = new();

    /// <summary>What the services wrote to their consoles, by service; a restart begins a new one.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Consoles { get; private set; } =
        new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Answers that callers got, with the input they are for.</summary>
    public IReadOnlyList<(string Input, string Answer)> Answers => _answers;

    /// <summary>The trace of an order that was fulfilled.</summary>
    public PlacedOrder Fulfilled { get; private set; } = null!;

    /// <summary>The trace of the request that met a failure whose text is full of secrets.</summary>
    public string FailedTraceId { get; private set; } = "";

    public Guid PoisonMessage { get; } = Guid.CreateVersion7();

    /// <summary>What dead letters looked like to an operator while the poison message was one.</summary>
    public string DeadLetters { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        if (platform.Unavailable is not null)
        {
            return;
        }

        using var limit = new CancellationTokenSource(Limit);
        _tap = await TelemetryTap.StartAsync(
            platform.Telemetry.Http.BaseAddress!,
            platform.App.GetEndpoint("observatory", "otlp-http"),
            limit.Token
        );
        var settings = new Dictionary<string, string?>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Tap.Address.ToString(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["SENTRY_DSN"] = $"http://{platform.SentryKey}@{Tap.Address.Authority}/1",
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["Orders__RestockInterval"] = "00:00:01",
        };
        try
        {
            await platform.ReconfigureAsync(PlatformFixture.Services, settings, limit.Token);
            await RunAsync(limit.Token);
            Consoles = await ReadConsolesAsync(limit.Token);
        }
        finally
        {
            // The stop also sends what is still held back, metrics above all. Also when the time is over: the other tests go on with these
            // services.
            await platform
                .ReconfigureAsync(
                    PlatformFixture.Services,
                    settings.ToDictionary(setting => setting.Key, _ => (string?)null),
                    CancellationToken.None
                )
                .WaitAsync(TimeSpan.FromMinutes(2));
        }

        (Spans, Records, Metrics, Events) = (Tap.Spans, Tap.Logs, Tap.Metrics, Tap.Events);
    }

    public async ValueTask DisposeAsync()
    {
        if (_tap is not null)
        {
            await _tap.DisposeAsync();
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var shopper = await platform.Shop.SignInAsync("acme", "acme-u11", cancellationToken);
        Canaries.Plant("session token", shopper.Token);

        await OrderAsync(shopper, cancellationToken);
        await RefusalsAsync(shopper, cancellationToken);
        await FailureAsync(shopper, cancellationToken);
        await PoisonAsync(cancellationToken);

        await Eventually.TrueAsync(() => Task.FromResult(Has("job restock_products")), "the scheduled job has run");
        try
        {
            await platform.Telemetry.WaitForTraceAsync(
                Fulfilled.TraceId,
                OneTrace.LooksComplete,
                "the order's trace is complete",
                cancellationToken
            );
        }
        catch (Xunit.Sdk.FailException exception)
        {
            Assert.Fail($"{exception.Message}; passed on by the tap: {Tap.Outcomes}");
        }

        await Eventually.TrueAsync(
            () => Task.FromResult(Tap.Events.Any(item => item.ToString().Contains(FailedTraceId, StringComparison.Ordinal))),
            "the failure's event was sent"
        );
    }

    private async Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> ReadConsolesAsync(CancellationToken cancellationToken)
    {
        // A line passes through a pipe, and comes later than what it tells of.
        await ConsoleLines.WaitForAsync(
            platform,
            "orders",
            line => line.Text("trace_id") == FailedTraceId && line.Text("level") == "error",
            "of the failure",
            cancellationToken
        );
        var consoles = new Dictionary<string, IReadOnlyList<string>>();
        foreach (var service in PlatformFixture.Services)
        {
            consoles[service] = await ConsoleLines.ReadAsync(platform.App, service, cancellationToken);
        }

        return consoles;
    }

    /// <summary>Orders that go through, with secrets wherever a caller can put something.</summary>
    private async Task OrderAsync(Shopper shopper, CancellationToken cancellationToken)
    {
        (string, string)[] headers =
        [
            ("X-Request-Id", Control),
            ("traceparent", "00-5bf92f3577b34da6a3ce929d0e0e4701-00f067aa0ba902b7-01"),
            .. SecretHeaders(),
        ];
        var card = new CardInput(Canaries.Plant("card number of an order", "5200828282828210"), "12/33", "483");
        Fulfilled = await shopper.PlaceAsync(cancellationToken, card: card, headers: headers);
        var declined = await shopper.PlaceAsync(cancellationToken, card: CardInput.Declined);

        // Members that nobody asked for.
        await SendAsync(
            shopper,
            "unknown members of an order",
            HttpMethod.Post,
            "/api/orders",
            $$"""
            {"lines":[{"sku":"mug-blue","quantity":1,"note":"{{Canaries.Plant("unknown member of a line")}}"}],
             "card":{"number":"4242424242424242","expiry":"12/30","cvc":"123","holder":"{{Canaries.Plant("card holder")}}"},
             "password":"{{Canaries.Plant("unknown member of the body")}}"}
            """,
            cancellationToken
        );
        await shopper.WaitForAsync(Fulfilled.Id, "fulfilled", cancellationToken);
        await shopper.WaitForAsync(declined.Id, "declined", cancellationToken);
        await SendAsync(shopper, "the order", HttpMethod.Get, $"/api/orders/{Fulfilled.Id}", null, cancellationToken);
        await SendAsync(shopper, "the orders", HttpMethod.Get, "/api/orders", null, cancellationToken);
    }

    private (string Name, string Value)[] SecretHeaders() =>
        [
            ("Cookie", $"session={Canaries.Plant("cookie header")}"),
            ("X-Api-Key", Canaries.Plant("api key header")),
            ("X-Custom", Canaries.Plant("unknown header")),
            ("Referer", $"https://example.org/?token={Canaries.Plant("referer header")}"),
            ("X-Forwarded-For", Canaries.Plant("address of the caller", "203.0.113.77")),
            ("User-Agent", $"shop/1 ({Canaries.Plant("e-mail in the user agent", "jo.canary@example.org")})"),
            ("baggage", $"user.id={Canaries.Plant("baggage header")}"),
            ("tracestate", $"vendor={Canaries.Plant("tracestate header")}"),
        ];

    private async Task RefusalsAsync(Shopper shopper, CancellationToken cancellationToken)
    {
        string Body(string sku = "mug-blue", string number = "4242424242424242", string expiry = "12/30", string cvc = "123")
        {
            var card = $$"""{"number":"{{number}}","expiry":"{{expiry}}","cvc":"{{cvc}}"}""";
            return $$"""{"lines":[{"sku":"{{sku}}","quantity":1}],"card":{{card}}}""";
        }

        var tenant = Canaries.Plant("tenant at sign-in");
        var user = Canaries.Plant("user at sign-in");
        var password = Canaries.Plant("password at sign-in");
        await SendAsync(
            null,
            "sign-in",
            HttpMethod.Post,
            "/api/sessions",
            $$"""{"tenant":"{{tenant}}","user":"{{user}}","password":"{{password}}"}""",
            cancellationToken
        );
        await SendAsync(
            null,
            "forged token",
            HttpMethod.Get,
            "/api/products",
            null,
            cancellationToken,
            ("Authorization", $"Bearer {Canaries.Plant("forged token")}")
        );
        await SendAsync(
            shopper,
            "query",
            HttpMethod.Get,
            $"/api/products?secret={Canaries.Plant("unknown query")}",
            null,
            cancellationToken
        );
        await SendAsync(shopper, "limit", HttpMethod.Get, $"/api/orders?limit={Canaries.Plant("limit query")}", null, cancellationToken);
        await SendAsync(shopper, "cursor", HttpMethod.Get, $"/api/orders?cursor={Canaries.Plant("cursor query")}", null, cancellationToken);
        await SendAsync(
            shopper,
            "order id",
            HttpMethod.Get,
            $"/api/orders/{Canaries.Plant("order id in the path")}",
            null,
            cancellationToken
        );
        await SendAsync(
            shopper,
            "path",
            HttpMethod.Get,
            $"/{Canaries.Plant("unknown path")}/{Canaries.Plant("unknown path below")}",
            null,
            cancellationToken
        );
        await SendAsync(shopper, "sku", HttpMethod.Post, "/api/orders", Body(sku: Canaries.Plant("sku")), cancellationToken);
        await SendAsync(
            shopper,
            "card number",
            HttpMethod.Post,
            "/api/orders",
            Body(number: Canaries.Plant("card number that is none")),
            cancellationToken
        );
        await SendAsync(
            shopper,
            "card with a wrong check digit",
            HttpMethod.Post,
            "/api/orders",
            Body(number: Canaries.Plant("card number with a wrong check digit", "5200828282828211")),
            cancellationToken
        );
        await SendAsync(shopper, "expiry", HttpMethod.Post, "/api/orders", Body(expiry: Canaries.Plant("card expiry")), cancellationToken);
        await SendAsync(shopper, "cvc", HttpMethod.Post, "/api/orders", Body(cvc: Canaries.Plant("card code")), cancellationToken);
        await SendAsync(
            shopper,
            "broken JSON",
            HttpMethod.Post,
            "/api/orders",
            "{\"lines\": " + Canaries.Plant("broken JSON"),
            cancellationToken
        );
        await SendAsync(
            shopper,
            "idempotency key",
            HttpMethod.Post,
            "/api/orders",
            Body(),
            cancellationToken,
            ("Idempotency-Key", Canaries.Plant("idempotency key that is no id"))
        );
        await SendAsync(
            shopper,
            "request id",
            HttpMethod.Get,
            "/api/products",
            null,
            cancellationToken,
            ("X-Request-Id", $"not an id {Canaries.Plant("malformed request id")}")
        );
        await SendAsync(
            null,
            "webhook",
            HttpMethod.Post,
            "/webhooks/acquirer",
            $$"""{"id":"{{Canaries.Plant("webhook body")}}"}""",
            cancellationToken,
            ("X-Acquirer-Signature", Canaries.Plant("webhook signature"))
        );
    }

    /// <summary>A failure whose text nobody chose: the database refuses with all that it should not say.</summary>
    private async Task FailureAsync(Shopper shopper, CancellationToken cancellationToken)
    {
        var text =
            $"refused for {Canaries.Plant("card number in an exception", "5105105105105100")} "
            + $"and {Canaries.Plant("spaced card number in an exception", "5454 5454 5454 5454")} "
            + $"of {Canaries.Plant("e-mail in an exception", "ann.canary@example.org")}; "
            + $"password={Canaries.Plant("password in an exception")} "
            + $"token: {Canaries.Plant("token in an exception")} "
            + $"Bearer {Canaries.Plant("bearer token in an exception")} "
            + $"Cookie: sid={Canaries.Plant("cookie in an exception")}";

        // A function's text is in the database's files, so it is not readable there.
        var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
        await using var refusing = await Refusing.RowsAsync(
            platform,
            "ordersdb",
            "orders",
            $"convert_from(decode('{encoded}', 'base64'), 'UTF8')",
            cancellationToken
        );
        using var response = await shopper.SendOrderAsync(
            Shopper.OneMug,
            CardInput.Valid,
            Guid.NewGuid(),
            cancellationToken,
            SecretHeaders()
        );
        Assert.Equal(System.Net.HttpStatusCode.InternalServerError, response.StatusCode);
        FailedTraceId = response.Headers.GetValues("X-Trace-Id").Single();
        _answers.Add(("failure", await response.Content.ReadAsStringAsync(cancellationToken)));
    }

    private async Task PoisonAsync(CancellationToken cancellationToken)
    {
        await using var connection = await new ConnectionFactory
        {
            Uri = new Uri(await platform.DatabaseAsync("rabbitmq", cancellationToken)),
        }.CreateConnectionAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), cancellationToken);
        var properties = new BasicProperties
        {
            MessageId = PoisonMessage.ToString(),
            Persistent = true,
            Headers = new Dictionary<string, object?>
            {
                ["x-secret"] = Canaries.Plant("header of a message", inMessage: true),
                ["baggage"] = $"session={Canaries.Plant("baggage of a message", inMessage: true)}",
            },
        };
        var orderId = Canaries.Plant("field of a message", inMessage: true);
        var memberName = Canaries.Plant("member name of a message", inMessage: true);
        var body = $$"""{"orderId":"{{orderId}}","{{memberName}}":1}""";
        await channel.BasicPublishAsync(
            "orders",
            "order.placed",
            mandatory: true,
            properties,
            Encoding.UTF8.GetBytes(body),
            cancellationToken
        );
        var letters = await Eventually.GetAsync(
            () => DeadLetterBox.ListAsync(platform, "payments", cancellationToken),
            letters => letters.Any(letter => letter.GetProperty("messageId").GetString() == PoisonMessage.ToString()),
            "the poison message is a dead letter"
        );
        DeadLetters = string.Join('\n', letters);
        await channel.QueuePurgeAsync("payments.order-placed.dead", cancellationToken);
    }

    private async Task SendAsync(
        Shopper? shopper,
        string input,
        HttpMethod method,
        string path,
        string? body,
        CancellationToken cancellationToken,
        params (string Name, string Value)[] headers
    )
    {
        using var request = shopper is null ? new HttpRequestMessage(method, path) : shopper.Request(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, MediaTypeHeaderValue.Parse("application/json"));
        }

        if (method == HttpMethod.Post && !headers.Any(header => header.Name == "Idempotency-Key"))
        {
            request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await platform.Shop.Http.SendAsync(request, cancellationToken);
        _answers.Add(
            (input, $"{(int)response.StatusCode} {response.Headers} {await response.Content.ReadAsStringAsync(cancellationToken)}")
        );
    }

    private bool Has(string text) => Tap.Bodies.Any(body => body.Body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0);
}

[CollectionDefinition(Name)]
public sealed class EmittedRunDefinition : ICollectionFixture<EmittedRun>
{
    public const string Name = "what one run emitted";
}
