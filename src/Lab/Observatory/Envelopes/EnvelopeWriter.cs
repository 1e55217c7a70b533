using System.Text.Json;

namespace Platform.Observatory.Envelopes;

/// <summary>An envelope as an SDK would send it.</summary>
internal static class EnvelopeWriter
{
    public static byte[] Write(string? eventId, IReadOnlyList<EnvelopeItem> items)
    {
        using var buffer = new MemoryStream();
        WriteLine(
            buffer,
            writer =>
            {
                if (eventId is not null)
                {
                    writer.WriteString("event_id", eventId);
                }
            }
        );

        foreach (var item in items)
        {
            WriteLine(
                buffer,
                writer =>
                {
                    writer.WriteString("type", item.Type);
                    writer.WriteNumber("length", item.Payload.Length);
                }
            );
            buffer.Write(item.Payload.Span);
            buffer.WriteByte((byte)'\n');
        }

        return buffer.ToArray();
    }

    private static void WriteLine(MemoryStream buffer, Action<Utf8JsonWriter> write)
    {
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        buffer.WriteByte((byte)'\n');
    }
}
