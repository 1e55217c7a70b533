using System.Text;
using Platform.Observatory.Otlp;
using Platform.Observatory.Store;

namespace Platform.Observatory.Query;

/// <summary>The event name of a log record: OTLP's own field, or the attribute "event" of senders that cannot set it.</summary>
internal static class EventNames
{
    private const string Attribute = "event";

    public static bool Has(StoredLog log, string name)
    {
        // Most records do not match and are not parsed.
        if (log.Payload.AsSpan().IndexOf(Encoding.UTF8.GetBytes(name)) < 0)
        {
            return false;
        }

        var message = log.Parse();
        return message.EventName == name
            || message.Attributes.Any(attribute =>
                attribute.Key == Attribute
                && attribute.Value?.ValueCase == AnyValue.ValueOneofCase.StringValue
                && attribute.Value.StringValue == name
            );
    }
}
