using System.Text;
using Platform.Observatory.Ingest;
using Platform.Observatory.Otlp;
using Platform.Observatory.Store;

namespace Platform.Observatory.Filters;

/// <summary>
/// Reads single fields from the packed bytes of a record: to unpack a span for one of its fifteen attributes takes ten times as long as
/// to pass over the others.
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

    /// <summary>
    /// Attributes of a log or a span, then those of the span's events, in which the bytes of a name are; which may be another's, or in a
    /// value.
    /// </summary>
    public static IReadOnlyList<KeyValue> AttributesWith(TelemetryRecord record, byte[] name)
    {
        if (record.Payload.AsSpan().IndexOf(name) < 0)
        {
            return [];
        }

        var found = new List<KeyValue>();
        Collect(record.Payload, record is StoredSpan ? OfSpan : OfLog, name, found);

        if (record is StoredSpan)
        {
            foreach (var item in Fields(record.Payload, EventOfSpan))
            {
                Collect(item, OfEvent, name, found);
            }
        }

        return found;
    }

    /// <summary>Of a log that is an event its name; of a span those of its events.</summary>
    public static IEnumerable<string> EventNames(TelemetryRecord record) => record is StoredSpan
        ? Fields(record.Payload, EventOfSpan).Select(item => Encoding.UTF8.GetString(Fields(item, NameOfEvent).LastOrDefault()))
        : Fields(record.Payload, EventNameOfLog).TakeLast(1).Where(name => name.Count > 0).Select(name => Encoding.UTF8.GetString(name));

    private static void Collect(ArraySegment<byte> message, int field, byte[] name, List<KeyValue> found)
    {
        foreach (var attribute in Fields(message, field))
        {
            if (attribute.AsSpan().IndexOf(name) >= 0)
            {
                found.Add(KeyValue.Parser.ParseFrom(attribute.AsSpan()));
            }
        }
    }

    private static List<ArraySegment<byte>> Fields(ArraySegment<byte> message, int field)
    {
        var values = new List<ArraySegment<byte>>();

        for (var reader = new WireReader(message); reader.TryReadTag(out var tag);)
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
