using System.Text.Json;
using Google.Protobuf;
using Platform.Observatory.Receiving;

namespace Platform.Observatory.Otlp;

/// <summary>IsWhole: the body was protobuf, and all of it is in the message.</summary>
internal readonly record struct Decoded<T>(T Message, bool IsWhole);

/// <summary>Parses request bodies. Anything wrong with the bytes throws RefusedException.</summary>
internal static class OtlpDecoder
{
    private const int MaxJsonTokens = 8_000_000;

    private static readonly MessageParser<ExportTraceServiceRequest> TracesParser =
        ExportTraceServiceRequest.Parser.WithDiscardUnknownFields(true);
    private static readonly MessageParser<ExportLogsServiceRequest> LogsParser = ExportLogsServiceRequest.Parser.WithDiscardUnknownFields(
        true
    );
    private static readonly MessageParser<ExportMetricsServiceRequest> MetricsParser =
        ExportMetricsServiceRequest.Parser.WithDiscardUnknownFields(true);

    public static Decoded<ExportTraceServiceRequest> Traces(ArraySegment<byte> body, bool json) =>
        json ? FromJson(body, OtlpJsonReader.ReadTraces) : FromProtobuf(body, TracesParser, ExportTraceServiceRequest.Descriptor);

    public static Decoded<ExportLogsServiceRequest> Logs(ArraySegment<byte> body, bool json) =>
        json ? FromJson(body, OtlpJsonReader.ReadLogs) : FromProtobuf(body, LogsParser, ExportLogsServiceRequest.Descriptor);

    public static Decoded<ExportMetricsServiceRequest> Metrics(ArraySegment<byte> body, bool json) =>
        json ? FromJson(body, OtlpJsonReader.ReadMetrics) : FromProtobuf(body, MetricsParser, ExportMetricsServiceRequest.Descriptor);

    private static Decoded<T> FromProtobuf<T>(
        ArraySegment<byte> body,
        MessageParser<T> parser,
        Google.Protobuf.Reflection.MessageDescriptor descriptor
    )
        where T : IMessage<T>
    {
        var isWhole = WireCheck.Check(body, descriptor);

        try
        {
            return new Decoded<T>(parser.ParseFrom(body.AsSpan()), isWhole);
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new RefusedException(Refusal.Malformed, "The body is not a valid protobuf message.", exception);
        }
    }

    private static Decoded<T> FromJson<T>(ArraySegment<byte> body, Func<JsonElement, T> read)
    {
        try
        {
            CheckSize(body);
            using var document = JsonDocument.Parse(body.AsMemory());
            return new Decoded<T>(read(document.RootElement), IsWhole: false);
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException)
        {
            // InvalidOperationException is how JsonElement reports text that is not UTF-8.
            var message = exception is FormatException ? exception.Message : "The body is not valid JSON.";
            throw new RefusedException(Refusal.Malformed, message, exception);
        }
    }

    // A document costs 12 bytes a token and an object here 300: "[{},{},{}" must not expand into gigabytes.
    private static void CheckSize(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body);
        var tokens = 0;
        var objects = 0;

        while (reader.Read())
        {
            tokens++;
            objects += reader.TokenType == JsonTokenType.StartObject ? 1 : 0;

            if (tokens > MaxJsonTokens || objects > WireCheck.MaxMessages)
            {
                throw new RefusedException(Refusal.TooLarge, "The request has too many parts.");
            }
        }
    }
}
