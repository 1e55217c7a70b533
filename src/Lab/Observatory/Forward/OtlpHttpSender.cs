using Google.Protobuf;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Forward;

/// <summary>OTLP over HTTP in protobuf.</summary>
internal sealed class OtlpHttpSender(Uri address, bool gzip, IReadOnlyList<KeyValuePair<string, string>> headers, TimeProvider time)
    : HttpSender(address, ContentType, gzip, headers, time)
{
    private const string ContentType = "application/x-protobuf";

    public static Uri AddressOf(Uri endpoint, Signal signal) =>
        new($"{endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/')}/v1/{signal.ToString().ToLowerInvariant()}");

    protected override SendResult OnSuccess(HttpResponseMessage response, ReadOnlyMemory<byte> answer)
    {
        var partial = Parse(response, answer, ExportServiceResponse.Parser)?.PartialSuccess;
        return new SendResult(SendOutcome.Sent, partial?.ErrorMessage, Math.Max(0, partial?.Rejected ?? 0));
    }

    protected override string? ReasonOf(HttpResponseMessage response, ReadOnlyMemory<byte> answer) =>
        Parse(response, answer, Rpc.Status.Parser)?.Message;

    // A malformed body is ignored; the status decides.
    private static T? Parse<T>(HttpResponseMessage response, ReadOnlyMemory<byte> answer, MessageParser<T> parser)
        where T : class, IMessage<T>
    {
        if (response.Content.Headers.ContentType?.MediaType != ContentType)
        {
            return null;
        }

        try
        {
            return parser.ParseFrom(answer.Span);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }
}
