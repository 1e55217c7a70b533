namespace Sentry.Sending;

/// <summary>The protocol's reasons for an item that was not sent.</summary>
internal static class Discard
{
    public const string BeforeSend = "before_send";
    public const string EventProcessor = "event_processor";
    public const string InternalError = "internal_sdk_error";
    public const string NetworkError = "network_error";
    public const string QueueOverflow = "queue_overflow";
    public const string RateLimit = "ratelimit_backoff";
    public const string SampleRate = "sample_rate";
    public const string SendError = "send_error";
}
