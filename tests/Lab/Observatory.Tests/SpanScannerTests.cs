using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Platform.Observatory.Ingest;
using Platform.Observatory.Otlp;
using Platform.Observatory.Store;

namespace Platform.Observatory.Tests;

public sealed class SpanScannerTests
{
    private const string Secret = "hunter2-in-hiding";

    [Fact]
    public void Scan_PlainSpans_AreNotParsed()
    {
        var scanner = new SpanScanner();

        var spans = Spans(scanner.Scan(Request(1).ToByteArray())!);

        Assert.All(spans, span => Assert.Null(span.Parsed));
    }

    /// <summary>Any order is valid, and not every sender writes fields in that of their numbers.</summary>
    [Fact]
    public async Task Span_WithItsFieldsInAnyOrder_IsPlainAndStoredWhole()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var span = Request(1).ResourceSpans[0].ScopeSpans[0].Spans[1];
        var (fixedFields, rest) = (new Span(span), Store.StoredSpan.Pack(span));
        fixedFields.Attributes.Clear();
        (fixedFields.Status, fixedFields.Flags) = (null, 0);
        byte[] body = Wrap(
            1,
            Wrap(2, Wrap(2, [.. Wrap(9, Telemetry.Attribute("first", "1").ToByteArray()), .. fixedFields.ToByteArray(), .. rest]))
        );

        Assert.Null(Assert.Single(Spans(new SpanScanner().Scan(body)!)).Parsed);
        await Send.HttpAsync(process, "/v1/traces", body);
        await process.GetJsonAsync("/api/telemetry/stats");

        span.Attributes.Insert(0, Telemetry.Attribute("first", "1"));
        Assert.Equal(span, Assert.Single(Stored(process)).Parse());
    }

    [Theory]
    [InlineData("event")]
    [InlineData("link")]
    [InlineData("message")]
    [InlineData("end")]
    [InlineData("state")]
    [InlineData("long")]
    [InlineData("many")]
    [InlineData("id")]
    public void Scan_UnusualSpan_IsParsedAndTheOthersAreNot(string what)
    {
        var request = Request(1);
        var span = request.ResourceSpans[0].ScopeSpans[0].Spans[0];
        MakeUnusual(span, what);

        var spans = Spans(new SpanScanner().Scan(request.ToByteArray())!);

        Assert.Equal(span, spans[0].Parsed);
        Assert.All(spans.Skip(1), other => Assert.Null(other.Parsed));
    }

    [Fact]
    public void Scan_SecretInAKnownAttributesPlace_IsSeenEachTime()
    {
        var scanner = new SpanScanner();
        var secret = Request(1);
        secret.ResourceSpans[0].ScopeSpans[0].Spans[0].Attributes.Add(Telemetry.Attribute("note", "mail a@example.com"));

        for (var round = 0; round < 4; round++)
        {
            Assert.NotNull(scanner.Scan(Request(round).ToByteArray()));
            Assert.Null(scanner.Scan(secret.ToByteArray()));
        }
    }

    [Fact]
    public async Task Spans_PackedOrAsJson_AreStoredAlike()
    {
        await using var packed = await ObservatoryProcess.StartAsync();
        await using var json = await ObservatoryProcess.StartAsync();

        // Unknown the first time, cached the second, found the third.
        for (var round = 0; round < 3; round++)
        {
            var request = Request(round);
            MakeUnusual(request.ResourceSpans[0].ScopeSpans[0].Spans[2], "end");
            await Send.HttpAsync(packed, "/v1/traces", request.ToByteArray());
            await Send.HttpAsync(json, "/v1/traces", Encoding.UTF8.GetBytes(OtlpJson.Write(request)), Send.Json);
        }

        var path = $"/api/telemetry/traces/{Telemetry.Trace}";
        Assert.Equal((await json.GetJsonAsync(path)).ToJsonString(), (await packed.GetJsonAsync(path)).ToJsonString());
        Assert.Contains(
            "\"endTimeUnixNano\":\"" + (Request(0).ResourceSpans[0].ScopeSpans[0].Spans[2].StartTimeUnixNano - 1),
            (await packed.GetJsonAsync(path)).ToJsonString(),
            StringComparison.Ordinal
        );
        var (left, right) = (Stored(packed), Stored(json));
        Assert.Equal(12, left.Length);
        Assert.Equal(right.Select(Fields), left.Select(Fields));
    }

    public static TheoryData<byte[]> HiddenTexts()
    {
        var secret = Encoding.UTF8.GetBytes(Secret);

        // A field of a span that is a number, with a length; a name, and a value, that are replaced by a second one.
        byte[] kind = Wrap(6, secret);
        byte[] name = [.. Wrap(5, secret), .. Wrap(5, "GET"u8.ToArray())];
        byte[] value = Wrap(9, [.. Wrap(1, "k"u8.ToArray()), .. Wrap(2, [.. Wrap(1, secret), 0x18, 0x01])]);
        return new TheoryData<byte[]>(kind, name, value);
    }

    [Theory]
    [MemberData(nameof(HiddenTexts))]
    public async Task Text_ThatTheParserDrops_IsNotKept(byte[] field)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        byte[] span = [.. Telemetry.Span(1, name: "").ToByteArray(), .. field];

        var answer = await Send.HttpAsync(process, "/v1/traces", Wrap(1, Wrap(2, Wrap(2, span))));

        await process.GetJsonAsync("/api/telemetry/stats");
        Assert.Equal(200, answer.Status);
        Assert.True(Assert.Single(Stored(process)).Payload.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Secret)) < 0);
    }

    private static StoredSpan[] Stored(ObservatoryProcess process) =>
        process.Services.GetRequiredService<TelemetryStore>().Spans.Snapshot();

    private static object Fields(StoredSpan span) =>
        (
            span.TraceId,
            span.SpanId,
            span.ParentId,
            span.Name,
            span.Kind,
            span.Start,
            span.End,
            span.Failed,
            span.IdBits,
            span.Origin.Service,
            span.Origin.Scope?.Name
        );

    private static List<ScannedSpan> Spans(ScannedSpans request) =>
        [.. request.Groups.SelectMany(group => group.Scopes).SelectMany(scope => scope.Spans)];

    private static ExportTraceServiceRequest Request(int round)
    {
        var spans = Enumerable
            .Range(1, 4)
            .Select(id => Telemetry.Span((ulong)((round * 10) + id), parent: id == 1 ? 0 : (ulong)(round * 10) + 1))
            .ToArray();

        foreach (var span in spans)
        {
            span.Flags = 257;
            span.Attributes.Add([
                Telemetry.Attribute("tenant.id", "nordwind"),
                Telemetry.Attribute("request.id", $"r{round}"),
                Telemetry.Attribute("http.route", "/orders"),
            ]);
        }

        spans[1].Status = new Status { Code = Status.Types.StatusCode.Error };
        return Telemetry.Request("orders", spans);
    }

    private static void MakeUnusual(Span span, string what)
    {
        switch (what)
        {
            case "event":
                span.Events.Add(new Span.Types.Event { Name = "exception" });
                break;
            case "link":
                span.Links.Add(new Span.Types.Link { TraceId = span.TraceId, SpanId = span.SpanId });
                break;
            case "message":
                span.Status = new Status { Code = Status.Types.StatusCode.Error, Message = "it broke" };
                break;
            case "end":
                span.EndTimeUnixNano = span.StartTimeUnixNano - 1;
                break;
            case "state":
                span.TraceState = "a=1";
                break;
            case "long":
                span.Attributes.Add(Telemetry.Attribute("long", new string('x', ItemLimits.MaxNameBytes)));
                break;
            case "many":
                span.Attributes.AddRange(
                    Enumerable.Range(0, ItemLimits.MaxAttributes).Select(index => Telemetry.Attribute($"a{index}", "x"))
                );
                break;
            default:
                span.SpanId = ByteString.CopyFrom(new byte[8]);
                break;
        }
    }

    private static byte[] Wrap(int field, byte[] value)
    {
        using var buffer = new MemoryStream();
        using var output = new CodedOutputStream(buffer);
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(value));
        output.Flush();
        return buffer.ToArray();
    }
}
