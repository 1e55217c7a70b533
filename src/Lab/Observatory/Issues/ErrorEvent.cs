namespace Platform.Observatory.Issues;

/// <summary>One error as a service reported it: what lists and filters need as fields, the rest as scrubbed JSON.</summary>
internal sealed record ErrorEvent
{
    /// <summary>Fields, tags and the share of lists, rounded up.</summary>
    private const int Overhead = 2_048;

    public required string EventId { get; init; }

    /// <summary>When it happened, by the service's clock unless that is far off.</summary>
    public required DateTimeOffset Time { get; init; }

    public required string Level { get; init; }

    /// <summary>The type of the exception, or "message".</summary>
    public required string Type { get; init; }

    public required string Value { get; init; }

    /// <summary>Where: the route, else the function that threw.</summary>
    public required string Culprit { get; init; }

    public required string Service { get; init; }

    public required string? Release { get; init; }

    public required string? Environment { get; init; }

    public required string? User { get; init; }

    public required string? Tenant { get; init; }

    public required string? RequestId { get; init; }

    /// <summary>Zero when the event belongs to no trace.</summary>
    public required UInt128 TraceId { get; init; }

    public required ulong SpanId { get; init; }

    public required IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; }

    /// <summary>The issue it belongs to.</summary>
    public required string IssueId { get; init; }

    public required byte[] Payload { get; init; }

    public int Bytes => Overhead + Payload.Length;
}
