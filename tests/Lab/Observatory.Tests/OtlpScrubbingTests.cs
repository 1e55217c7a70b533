using System.Text;
using Google.Protobuf;
using Platform.Observatory.History;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Tests;

/// <summary>A sender that does not scrub: each canary is in a place of its own, and must not reach any of our outputs.</summary>
public sealed class OtlpScrubbingTests : IDisposable
{
    private const string Canary = "c4n4ry";
    private const string Card = "4111 1111 1111 1111";

    // Each as it stands in a text.
    private static readonly string[] Texts =
    [
        $"password={Canary}",
        $"{Canary}@example.org",
        $"Bearer {Canary}0123456789",
        $"Cookie: sid={Canary}; a={Canary}",
        Card,
    ];

    private readonly string _directory = Directory.CreateTempSubdirectory("observatory-scrubbing-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("grpc")]
    [InlineData("protobuf")]
    [InlineData("json")]
    public async Task Canaries_InEveryPlace_AreNowhere(string transport)
    {
        await using (var process = await ObservatoryProcess.StartAsync("--Observatory:DataDirectory=" + _directory))
        {
            foreach (var secret in Texts)
            {
                await SendAsync(process, transport, "traces", Traces(secret));
                await SendAsync(process, transport, "logs", Logs(secret));
                await SendAsync(process, transport, "metrics", Metrics(secret));
            }

            foreach (
                var address in new[]
                {
                    "/api/telemetry/spans",
                    "/api/telemetry/logs",
                    "/api/telemetry/traces",
                    $"/api/telemetry/traces/{Telemetry.Trace}",
                    "/api/telemetry/resources",
                    "/",
                    "/logs",
                    $"/traces/{Telemetry.Trace}?span={1:x16}",
                    "/deploys",
                }
            )
            {
                var text = await process.Http.GetStringAsync(new Uri(address, UriKind.Relative), TestContext.Current.CancellationToken);
                Clean(address, text);
            }

            // What is harmless stays.
            var spans = (await process.GetJsonAsync("/api/telemetry/spans")).ToJsonString();
            Assert.Contains("kept-value", spans, StringComparison.Ordinal);
            Assert.Contains("5b8efff798038103d269b633813fc60c", spans, StringComparison.Ordinal);
            Assert.Contains(Redaction.Redactor.Mask, spans, StringComparison.Ordinal);
        }

        var files = Directory.GetFiles(_directory, "*.obslog", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        Assert.All(files, file => Clean(file, Encoding.Latin1.GetString(File.ReadAllBytes(file))));
        Assert.Contains(files, file => Encoding.Latin1.GetString(File.ReadAllBytes(file)).Contains("kept-value", StringComparison.Ordinal));

        await using var restarted = await ObservatoryProcess.StartAsync("--Observatory:DataDirectory=" + _directory);
        Assert.Equal(Texts.Length, (int)(await restarted.GetJsonAsync("/api/telemetry/spans"))["totalCount"]!);
        Assert.Equal(Texts.Length, (int)(await restarted.GetJsonAsync("/api/telemetry/logs"))["totalCount"]!);
    }

    [Fact]
    public async Task History_NothingToHide_KeepsTheReceivedBytes()
    {
        // Written twice as the protocol allows, which a message that was written again would not be.
        byte[] body =
        [
            .. Telemetry.Request("orders", Telemetry.Span(1)).ToByteArray(),
            .. Telemetry.Request("orders", Telemetry.Span(2)).ToByteArray(),
        ];

        await using (var process = await ObservatoryProcess.StartAsync("--Observatory:DataDirectory=" + _directory))
        {
            await Send.HttpAsync(process, "/v1/traces", body);
        }

        var record = Assert.Single(
            Directory.GetFiles(_directory, "*.obslog", SearchOption.AllDirectories).SelectMany(file => new SegmentReader(file).Read())
        );
        Assert.Equal((RecordKind.Traces, Convert.ToHexString(body)), (record.Kind, Convert.ToHexString(record.Body.Span)));
    }

    [Fact]
    public async Task History_PartsThatTheParserDrops_AreNotKept()
    {
        // Field 999 of the request, of length-delimited type.
        byte[] body =
        [
            .. Telemetry.Request("orders", Telemetry.Span(1)).ToByteArray(),
            0xBA,
            0x3E,
            (byte)Canary.Length,
            .. Encoding.ASCII.GetBytes(Canary),
        ];

        await using (var process = await ObservatoryProcess.StartAsync("--Observatory:DataDirectory=" + _directory))
        {
            await Send.HttpAsync(process, "/v1/traces", body);
        }

        Assert.All(
            Directory.GetFiles(_directory, "*.obslog", SearchOption.AllDirectories),
            file => Clean(file, Encoding.Latin1.GetString(File.ReadAllBytes(file)))
        );
    }

    [Fact]
    public async Task Values_ThatOnlyLookSecret_Survive()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var span = Telemetry.Span(1);
        string[] texts =
        [
            "SELECT password FROM users WHERE password = $1",
            "https://shop.example.org/orders/17?page=2",
            "41111111-1111-4111-8111-111111111111",
            "u-4711",
            "orders.placed",
        ];
        string[] names = ["db.query.text", "url.full", "messaging.message.id", "user.id", "messaging.destination.name"];
        span.Attributes.AddRange(names.Zip(texts, Telemetry.Attribute));
        span.Attributes.Add(Telemetry.Attribute("parent.span_id", "4111111111111111"));
        span.Attributes.Add(
            new KeyValue
            {
                Key = "gen_ai.usage.input_tokens",
                Value = new AnyValue { IntValue = 4111 },
            }
        );
        span.Attributes.Add(
            new KeyValue
            {
                Key = "max_token",
                Value = new AnyValue { IntValue = 1024 },
            }
        );
        span.Attributes.Add(
            new KeyValue
            {
                Key = "start_time",
                Value = new AnyValue { IntValue = (long)Telemetry.Start },
            }
        );

        await Send.TracesAsync(process, "orders", span);

        var answer = await process.GetJsonAsync("/api/telemetry/spans");
        var kept = answer["data"]!["resourceSpans"]![0]!["scopeSpans"]![0]!["spans"]![0]!["attributes"]!
            .AsArray()
            .ToDictionary(item => item!["key"]!.ToString(), item => item!["value"]!.AsObject().Single().Value!.ToString());
        Assert.Equal(texts, names.Select(name => kept[name]));
        Assert.Equal(
            ("4111111111111111", "4111", "1024", "1795000000000000000"),
            (kept["parent.span_id"], kept["gen_ai.usage.input_tokens"], kept["max_token"], kept["start_time"])
        );
    }

    private static void Clean(string where, string text)
    {
        Assert.False(text.Contains(Canary, StringComparison.OrdinalIgnoreCase), $"{where} holds {Near(text, Canary)}");
        Assert.False(text.Contains(Card, StringComparison.Ordinal), $"{where} holds {Near(text, Card)}");

        // As bytes are written in JSON.
        Assert.DoesNotContain(Convert.ToBase64String(Encoding.ASCII.GetBytes("password=" + Canary)), text, StringComparison.Ordinal);
    }

    private static string Near(string text, string what)
    {
        var at = Math.Max(0, text.IndexOf(what, StringComparison.OrdinalIgnoreCase));
        return text[Math.Max(0, at - 100)..Math.Min(text.Length, at + 100)];
    }

    private static async Task SendAsync(ObservatoryProcess process, string transport, string signal, IMessage message)
    {
        var method = signal switch
        {
            "traces" => Send.TracesMethod,
            "logs" => Send.LogsMethod,
            _ => Send.MetricsMethod,
        };
        var status = transport switch
        {
            "grpc" => (await Send.GrpcAsync(process, method, message)).HttpStatus,
            "protobuf" => (await Send.HttpAsync(process, "/v1/" + signal, message.ToByteArray())).Status,
            _ => (await Send.HttpAsync(process, "/v1/" + signal, Encoding.UTF8.GetBytes(OtlpJson.Write(message)), Send.Json)).Status,
        };
        Assert.Equal(200, status);
    }

    private static ExportTraceServiceRequest Traces(string secret)
    {
        var span = Telemetry.Span((ulong)Array.IndexOf(Texts, secret) + 1, name: "GET " + secret, failed: true);
        span.Status.Message = secret;
        span.TraceState = "a=" + secret;
        span.Attributes.AddRange(Attributes(secret));
        span.Attributes.Add(Telemetry.Attribute("kept", "kept-value"));
        span.Events.Add(new Span.Types.Event { Name = secret, TimeUnixNano = Telemetry.Start });
        span.Events[0].Attributes.AddRange(Attributes(secret));
        span.Links.Add(
            new Span.Types.Link
            {
                TraceId = span.TraceId,
                SpanId = Telemetry.Id(9),
                TraceState = secret,
            }
        );
        span.Links[0].Attributes.AddRange(Attributes(secret));

        // Too many, and too long: what is cut off later is not kept either.
        span.Attributes.AddRange(Enumerable.Range(0, 130).Select(index => Telemetry.Attribute("filler" + index, secret)));
        span.Attributes.Add(Telemetry.Attribute("long", new string('x', 9_000) + " " + secret));
        var request = Telemetry.Request("orders", span);
        request.ResourceSpans[0].Resource.Attributes.AddRange(Attributes(secret));
        request.ResourceSpans[0].Resource.Attributes.Add(Telemetry.Attribute("service.version", secret));
        request.ResourceSpans[0].SchemaUrl = "https://" + secret;
        request.ResourceSpans[0].ScopeSpans[0].SchemaUrl = "https://" + secret;
        request.ResourceSpans[0].ScopeSpans[0].Scope.Attributes.AddRange(Attributes(secret));
        request.ResourceSpans[0].ScopeSpans[0].Scope.Version = secret;
        return request;
    }

    private static ExportLogsServiceRequest Logs(string secret)
    {
        var log = Telemetry.Log("failed: " + secret);
        log.SeverityText = secret;
        log.EventName = secret;
        log.Attributes.AddRange(Attributes(secret));
        log.Attributes.Add(Telemetry.Attribute("kept", "kept-value"));
        var request = Telemetry.Request("orders", log);
        request.ResourceLogs[0].Resource.Attributes.AddRange(Attributes(secret));
        request.ResourceLogs[0].ScopeLogs[0].Scope.Attributes.AddRange(Attributes(secret));
        request.ResourceLogs[0].ScopeLogs[0].Scope.Name = secret;
        return request;
    }

    private static ExportMetricsServiceRequest Metrics(string secret) => Telemetry.Metrics("orders " + secret, points: 1);

    private static IEnumerable<KeyValue> Attributes(string secret) =>
        [
            Telemetry.Attribute("text", "a " + secret + " z"),
            Telemetry.Attribute("name of " + secret, "x"),
            Telemetry.Attribute("user.password", Canary),
            Telemetry.Attribute("csrf_token", Canary),
            Telemetry.Attribute("http.request.header.cookie", Canary),
            new KeyValue
            {
                Key = "api-key",
                Value = new AnyValue { ArrayValue = new ArrayValue { Values = { new AnyValue { StringValue = Canary } } } },
            },
            new KeyValue
            {
                Key = "list",
                Value = new AnyValue { ArrayValue = new ArrayValue { Values = { new AnyValue { StringValue = secret } } } },
            },
            new KeyValue
            {
                Key = "map",
                Value = new AnyValue
                {
                    KvlistValue = new KeyValueList { Values = { Telemetry.Attribute("secret", Canary), Telemetry.Attribute("k", secret) } },
                },
            },
            new KeyValue
            {
                Key = "bytes",
                Value = new AnyValue { BytesValue = ByteString.CopyFromUtf8(secret) },
            },
        ];
}
