using System.Text;
using Platform.Observatory.Otlp;
using Platform.Observatory.Store;

namespace Platform.Observatory.Query;

/// <summary>
/// Reads single fields from the serialized bytes of a record: parsing a span for one of its fifteen attributes takes ten times as long as
/// skipping the others.
/// </summary>
internal static class PackedRecord
{
    // Field numbers of trace.proto and logs.proto, with the wire type of messages.
    private const int OfSpan = (9 << 3) | WireReader.Bytes;
    private const int EventOfSpan = (11 << 3) | WireReader.Bytes;
    private const int OfEvent = (3 << 3) | WireReader.Bytes;
    private const int OfLog = (6 << 3) | WireReader.Bytes;
    private const int NameOfEvent = (2 << 3) | WireReader.Bytes;
    private const int EventNameOfLog = (12 << 3) | WireReader.Bytes;

    /// <summary>Adds the values of an attribute of a log or a span, then of those of the span's events. Utf8 is the name.</summary>
    public static void AddValues(TelemetryRecord record, string name, byte[] utf8, List<AnyValue> values)
    {
        if (record.Payload.AsSpan().IndexOf(utf8) < 0)
        {
            return;
        }

        var field = record is StoredSpan ? OfSpan : OfLog;
        var hasEvents = false;

        for (var reader = new WireReader(record.Payload); reader.TryReadTag(out var tag); )
        {
            hasEvents |= tag == EventOfSpan && record is StoredSpan;

            if (tag == field)
            {
                AddValue(reader.ReadBytes(), name, utf8, values);
            }
            else
            {
                reader.Skip(tag);
            }
        }

        if (hasEvents)
        {
            foreach (var attribute in Fields(record.Payload, EventOfSpan).SelectMany(item => Fields(item, OfEvent)))
            {
                AddValue(attribute, name, utf8, values);
            }
        }
    }

    /// <summary>The event name of a log, or the names of a span's events.</summary>
    public static IEnumerable<string> EventNames(TelemetryRecord record) =>
        record is StoredSpan
            ? Fields(record.Payload, EventOfSpan).Select(item => Encoding.UTF8.GetString(Fields(item, NameOfEvent).LastOrDefault()))
            : Fields(record.Payload, EventNameOfLog)
                .TakeLast(1)
                .Where(name => name.Count > 0)
                .Select(name => Encoding.UTF8.GetString(name));

    private static void AddValue(ArraySegment<byte> attribute, string name, byte[] utf8, List<AnyValue> values)
    {
        // The bytes may be a part of another name, or of a value.
        if (
            attribute.AsSpan().IndexOf(utf8) >= 0
            && KeyValue.Parser.ParseFrom(attribute.AsSpan()) is { Value: { } value } found
            && found.Key == name
        )
        {
            values.Add(value);
        }
    }

    private static List<ArraySegment<byte>> Fields(ArraySegment<byte> message, int field)
    {
        var values = new List<ArraySegment<byte>>();

        for (var reader = new WireReader(message); reader.TryReadTag(out var tag); )
        {
            if (tag == field)
            {
                values.Add(reader.ReadBytes());
            }
            else
            {
                reader.Skip(tag);
            }
        }

        return values;
    }
}
