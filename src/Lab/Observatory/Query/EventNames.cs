using System.Text;
using Platform.Observatory.Otlp;
using Platform.Observatory.Store;

namespace Platform.Observatory.Query;

/// <summary>The name of the event that a log record is: OTLP's own field, or the attribute "event" of senders that cannot set it.</summary>
internal static class EventNames
{
    private const string Attribute = "event";

    public static bool Has(StoredLog log, string name)
    {
        // Most records are something else, and are not unpacked.
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
