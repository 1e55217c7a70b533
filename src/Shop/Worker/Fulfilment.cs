using Platform.Infrastructure.Jobs;
using Platform.Messaging;

namespace Platform.Worker;

/// <summary>An order to be fulfilled, as claimed by this instance until its lease ends.</summary>
internal sealed record Fulfilment(
    Guid OrderId,
    long TotalMinor,
    string Currency,
    int Items,
    string CardNetwork,
    string CardLast4,
    int Attempts,
    int Failures,
    Guid LeaseId,
    string? Traceparent,
    string? Tracestate,
    string? Baggage
) : IDueRow
{
    Guid IDueRow.Id => OrderId;

    public TraceContext Context => new(Traceparent, Tracestate, Baggage);
}
