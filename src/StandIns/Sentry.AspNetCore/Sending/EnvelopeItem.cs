using System.IO.Compression;
using System.Text.Json;

namespace Sentry.Sending;

/// <summary>One item, already written: what a caller changes after capturing does not reach the wire.</summary>
internal sealed record EnvelopeItem(string Type, string Category, SentryId? EventId, byte[] Payload)
{
    public const string ErrorCategory = "error";
    public const string MonitorCategory = "monitor";

    /// <summary>Header, then for each item its header and its payload, each ended by a line feed; compressed.</summary>
    public static ArraySegment<byte> Compress(IReadOnlyCollection<EnvelopeItem> items, SentryOptions options)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Optimal, leaveOpen: true))
        {
            WriteLine(gzip, EventJson.Write(writer =>
            {
                writer.WriteStartObject("sdk");
                writer.WriteString("name", options.SdkName);
                writer.WriteString("version", SdkInformation.Version);
                writer.WriteEndObject();
                if (items.Select(item => item.EventId).FirstOrDefault(id => id is not null) is { } eventId)
                {
                    writer.WriteString("event_id", eventId.ToString());
                }

                writer.WriteString("sent_at", DateTimeOffset.UtcNow);
            }));
            foreach (var item in items)
            {
                WriteLine(gzip, JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>
                {
                    ["type"] = item.Type,
                    ["length"] = item.Payload.Length,
                }));
                WriteLine(gzip, item.Payload);
            }
        }

        return new ArraySegment<byte>(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static void WriteLine(GZipStream stream, byte[] bytes)
    {
        stream.Write(bytes);
        stream.WriteByte((byte)'\n');
    }
}

internal static class SdkInformation
{
    // The version of the packages whose protocol this speaks.
    public const string Version = "6.9.0";
}
