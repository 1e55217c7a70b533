using System.Globalization;

namespace Platform.Observatory.Forward;

/// <summary>Envelopes to the host of a DSN.</summary>
internal sealed class EnvelopeSender(Dsn dsn, TimeProvider time)
    : HttpSender(
        dsn.Envelopes,
        "application/x-sentry-envelope",
        gzip: true,
        [new("X-Sentry-Auth", $"Sentry sentry_version=7,sentry_client=platform.observatory/1.0,sentry_key={dsn.Key}")],
        time
    )
{
    private const string LimitsHeader = "X-Sentry-Rate-Limits";

    // A success can carry limits too; the next request has to wait.
    protected override SendResult OnSuccess(HttpResponseMessage response, ReadOnlyMemory<byte> answer) =>
        new(SendOutcome.Sent, RetryAfter: LimitOf(response));

    protected override string? ReasonOf(HttpResponseMessage response, ReadOnlyMemory<byte> answer) =>
        response.Headers.TryGetValues("X-Sentry-Error", out var reasons) ? reasons.First() : null;

    protected override TimeSpan? RetryAfterOf(HttpResponseMessage response) => LimitOf(response) ?? base.RetryAfterOf(response);

    // 60:error;transaction:organization:quota_exceeded, 2700::organization - seconds, categories (none: all), scope, reason.
    private static TimeSpan? LimitOf(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues(LimitsHeader, out var headers))
        {
            return null;
        }

        var seconds = headers
            .SelectMany(header => header.Split(','))
            .Select(limit => limit.Trim().Split(':'))
            .Where(limit => limit.Length > 1 && (limit[1].Length == 0 || limit[1].Split(';').Contains("error")))
            .Select(limit => double.TryParse(limit[0], CultureInfo.InvariantCulture, out var count) ? count : 0)
            .DefaultIfEmpty()
            .Max();
        return seconds > 0 ? TimeSpan.FromSeconds(Math.Min(seconds, Backoff.MaxRetryAfter.TotalSeconds)) : null;
    }
}
