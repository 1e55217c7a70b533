using System.Text;
using RabbitMQ.Client;

namespace Platform.Messaging;

/// <summary>Message properties: the id, and the trace context as W3C headers.</summary>
internal static class MessageProperties
{
    public static BasicProperties Create(Guid id, TraceContext context)
    {
        var headers = new Dictionary<string, object?>();
        Add("traceparent", context.Traceparent);
        Add("tracestate", context.Tracestate);
        Add("baggage", context.Baggage);
        return new BasicProperties
        {
            Persistent = true,
            MessageId = id.ToString(),
            ContentType = "application/json",
            Headers = headers,
        };

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                headers[name] = value;
            }
        }
    }

    public static TraceContext ContextOf(IReadOnlyBasicProperties properties) =>
        new(Header(properties, "traceparent"), Header(properties, "tracestate"), Header(properties, "baggage"));

    /// <summary>AMQP strings arrive as bytes.</summary>
    public static string? Header(IReadOnlyBasicProperties properties, string name) =>
        properties.Headers is { } headers && headers.TryGetValue(name, out var value)
            ? value switch
            {
                byte[] bytes => Encoding.UTF8.GetString(bytes),
                string text => text,
                _ => null,
            }
            : null;
}
