using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Platform.OutsideCompany;

/// <summary>One received request. <see cref="Status"/> is null while it is in progress and when it was never answered.</summary>
public sealed class RecordedRequest
{
    public required DateTimeOffset Time { get; init; }

    public required string Method { get; init; }

    public required string Path { get; init; }

    public required IReadOnlyDictionary<string, string> Headers { get; init; }

    public string? IdempotencyKey { get; init; }

    public string? TraceId { get; init; }

    public int? Status { get; set; }
}

/// <summary>Records the latest requests, to show which headers left the platform.</summary>
public sealed class RequestRecorder(TimeProvider time)
{
    public const int Capacity = 10_000;

    // Kestrel accepts 100 headers of 32 KB in all; 10,000 such requests would be 320 MB.
    private const int MaxHeaders = 40;
    private const int MaxHeaderLength = 512;

    private static readonly HashSet<string> Secret = new(StringComparer.OrdinalIgnoreCase)
    {
        "Cookie",
        "Proxy-Authorization",
        "X-Api-Key",
        "X-Admin-Key",
    };

    private readonly Lock _gate = new();

    // Bounded by Capacity; oldest dropped.
    private readonly Queue<RecordedRequest> _requests = new();
    private long _seen;

    public RecordedRequest Begin(HttpContext context)
    {
        var request = context.Request;
        var headers = request
            .Headers.Take(MaxHeaders)
            .ToDictionary(header => header.Key, header => Masked(header.Key, header.Value.ToString()), StringComparer.OrdinalIgnoreCase);
        var record = new RecordedRequest
        {
            Time = time.GetUtcNow(),
            Method = request.Method,
            Path = request.Path.Value ?? "/",
            Headers = headers,
            IdempotencyKey = headers.GetValueOrDefault("Idempotency-Key") ?? context.GetRouteValue("key")?.ToString(),
            TraceId = TraceIdOf(headers.GetValueOrDefault("traceparent")),
        };
        lock (_gate)
        {
            _seen++;
            _requests.Enqueue(record);
            if (_requests.Count > Capacity)
            {
                _requests.Dequeue();
            }
        }

        return record;
    }

    /// <summary>The count since the last clear, and the matching requests, newest first.</summary>
    public (long Seen, IReadOnlyList<RecordedRequest> Requests) Find(string? traceId, string? idempotencyKey, int limit)
    {
        lock (_gate)
        {
            return (
                _seen,
                [
                    .. _requests
                        .Reverse()
                        .Where(request => Matches(traceId, request.TraceId) && Matches(idempotencyKey, request.IdempotencyKey))
                        .Take(limit),
                ]
            );
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _requests.Clear();
            _seen = 0;
        }
    }

    private static bool Matches(string? wanted, string? actual) =>
        wanted is null || string.Equals(wanted, actual, StringComparison.OrdinalIgnoreCase);

    // 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
    private static string? TraceIdOf(string? traceparent) => traceparent?.Split('-') is [_, { Length: 32 } traceId, ..] ? traceId : null;

    private static string Masked(string name, string value)
    {
        if (string.Equals(name, "Authorization", StringComparison.OrdinalIgnoreCase))
        {
            // The scheme stays, to show the kind of credential.
            return value.Split(' ', 2) is [var scheme, _] ? $"{scheme} ***" : "***";
        }

        if (Secret.Contains(name))
        {
            return "***";
        }

        return value.Length <= MaxHeaderLength ? value : value[..MaxHeaderLength] + "…";
    }
}
