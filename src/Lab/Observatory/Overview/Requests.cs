using Platform.Observatory.Otlp;
using Platform.Observatory.Store;

namespace Platform.Observatory.Overview;

/// <summary>
/// All requests of a window by service and by operation. A request is a span that somebody asked for: served, received, or the root of
/// its trace. One pass over the fields of the spans; none is unpacked.
/// </summary>
internal sealed class Requests
{
    // Both bounded by the spans of the store.
    private readonly Dictionary<string, ServiceRequests> _services = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Service, string Name), OperationRequests> _operations = [];

    public Requests(IEnumerable<StoredSpan> spans, Window window)
    {
        foreach (var span in spans)
        {
            if (!window.Contains(span.Start) || !IsRequest(span))
            {
                continue;
            }

            if (!_services.TryGetValue(span.Origin.Service, out var service))
            {
                _services.Add(span.Origin.Service, service = new ServiceRequests(span.Origin.Service, new Series(window)));
            }

            if (!_operations.TryGetValue((span.Origin.Service, span.Name), out var operation))
            {
                _operations.Add((span.Origin.Service, span.Name), operation = new OperationRequests(span.Origin.Service, span.Name, new Series(window)));
            }

            service.Add(span, window);
            operation.Series.Add(span);
            operation.Spans.Add(span);
        }
    }

    public IReadOnlyCollection<ServiceRequests> Services => _services.Values;

    public IReadOnlyCollection<OperationRequests> Operations => _operations.Values;

    private static bool IsRequest(StoredSpan span) => span.Kind is Span.Types.SpanKind.Server or Span.Types.SpanKind.Consumer || span.ParentId == 0;
}

internal sealed class ServiceRequests(string service, Series series)
{
    // Bounded by the spans of the store.
    private readonly HashSet<string> _instances = new(StringComparer.Ordinal);
    private ulong _newest;

    public string Service { get; } = service;

    public Series Series { get; } = series;

    /// <summary>Of the newest request.</summary>
    public string? Release { get; private set; }

    public int Instances => _instances.Count;

    public ulong LastSeen => _newest;

    public void Add(StoredSpan span, Window window)
    {
        Series.Add(span);

        if (span.Start >= _newest)
        {
            _newest = span.Start;
            Release = span.Origin.Resource.Version;
        }

        if (window.IsRecent(span.Start) && span.Origin.Resource.Instance is { } instance)
        {
            _instances.Add(instance);
        }
    }
}

internal sealed record OperationRequests(string Service, string Name, Series Series)
{
    /// <summary>In order of arrival.</summary>
    public List<StoredSpan> Spans { get; } = [];
}
