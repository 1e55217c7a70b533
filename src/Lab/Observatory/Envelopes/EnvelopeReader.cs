using System.Text.Json;
using Platform.Observatory.Receiving;

namespace Platform.Observatory.Envelopes;

/// <summary>
/// Parses an envelope. Lines end with LF; an item's length is optional, and without it the payload ends at the next LF:
/// <code>{"event_id":"9ec7..","dsn":"http://key@host/1"}\n{"type":"event","length":14}\n{"level":"info"}\n
/// {"type":"session"}\n{"init":true}</code>
/// </summary>
internal static class EnvelopeReader
{
    /// <summary>An SDK sends a handful; a million empty items would cost more than their bytes.</summary>
    public const int MaxItems = 1_000;

    private const byte LineEnd = (byte)'\n';

    public static Envelope Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            return ReadWhole(body);
        }
        catch (InvalidOperationException exception)
        {
            // Bytes that are not UTF-8, or half of a surrogate pair, in a header's name or value.
            throw new RefusedException(Refusal.Malformed, "Invalid envelope: a header's text cannot be read.", exception);
        }
    }

    private static Envelope ReadWhole(ReadOnlyMemory<byte> body)
    {
        var offset = 0;
        using var header = Header(Line(body, ref offset), "the envelope's header");
        var items = new List<EnvelopeItem>();

        while (SkipEmptyLines(body.Span, ref offset))
        {
            if (items.Count == MaxItems)
            {
                throw new RefusedException(Refusal.TooLarge, $"The envelope has more than {MaxItems} items.");
            }

            items.Add(ReadItem(body, ref offset));
        }

        return new Envelope(Text(header.RootElement, "event_id"), Text(header.RootElement, "dsn"), items);
    }

    private static EnvelopeItem ReadItem(ReadOnlyMemory<byte> body, ref int offset)
    {
        using var header = Header(Line(body, ref offset), "an item's header");
        var type = Text(header.RootElement, "type") ?? throw Malformed("an item has no type");

        if (!header.RootElement.TryGetProperty("length", out var length) || length.ValueKind == JsonValueKind.Null)
        {
            return new EnvelopeItem(type, Line(body, ref offset));
        }

        if (length.ValueKind != JsonValueKind.Number || !length.TryGetInt32(out var count) || count < 0)
        {
            throw Malformed("an item's length is not a count of bytes");
        }

        if (count > body.Length - offset)
        {
            throw Malformed("the envelope ends inside an item");
        }

        var payload = body.Slice(offset, count);
        offset += count;

        if (offset < body.Length && body.Span[offset++] != LineEnd)
        {
            throw Malformed("an item is longer than its length");
        }

        return new EnvelopeItem(type, payload);
    }

    private static ReadOnlyMemory<byte> Line(ReadOnlyMemory<byte> body, ref int offset)
    {
        var rest = body[offset..];
        var end = rest.Span.IndexOf(LineEnd);
        offset += end < 0 ? rest.Length : end + 1;
        return end < 0 ? rest : rest[..end];
    }

    private static bool SkipEmptyLines(ReadOnlySpan<byte> body, ref int offset)
    {
        while (offset < body.Length && body[offset] == LineEnd)
        {
            offset++;
        }

        return offset < body.Length;
    }

    private static JsonDocument Header(ReadOnlyMemory<byte> line, string what)
    {
        JsonDocument document;

        try
        {
            document = JsonDocument.Parse(line);
        }
        catch (JsonException exception)
        {
            throw new RefusedException(Refusal.Malformed, $"Invalid envelope: {what} is not JSON.", exception);
        }

        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            document.Dispose();
            throw Malformed($"{what} is not an object");
        }

        return document;
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static RefusedException Malformed(string why) => new(Refusal.Malformed, $"Invalid envelope: {why}.");
}
