using Platform.Observatory.Otlp;
using Platform.Observatory.Store;

namespace Platform.Observatory.Requests;

/// <summary>
/// All requests of a window by service and by operation, and the calls that services make. A request is a span that was served or received,
/// or the root of its trace. One pass over the fields of the spans; none is parsed.
/// </summary>
internal sealed class WindowRequests
{
    // An SDK that writes ids into span names creates a name for each; names beyond this are ignored.
    private const int MaxNames = 1_000;

    // Bounded by the services of the store's spans, the others by MaxNames.
    private readonly Dictionary<string, ServiceRequests> _services = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Service, string Name), OperationRequests> _calls = [];
    private readonly Dictionary<(string Service, string Name), OperationRequests> _operations = [];

    public WindowRequests(IEnumerable<StoredSpan> spans, Window window)
    {
        foreach (var span in spans)
        {
            if (!window.Contains(span.Start))
            {
                continue;
            }

            if (!IsRequest(span))
            {
                if (span.Kind == Span.Types.SpanKind.Client)
                {
                    Add(_calls, span, window);
                }

                continue;
            }

            if (!_services.TryGetValue(span.Origin.Service, out var service))
            {
                _services.Add(span.Origin.Service, service = new ServiceRequests(span.Origin.Service, new Series(window)));
            }

            service.Add(span, window);
            Add(_operations, span, window);
        }
    }

    public IReadOnlyCollection<ServiceRequests> Services => _services.Values;

    public IReadOnlyCollection<OperationRequests> Operations => _operations.Values;

    /// <summary>Calls of services to each other, to databases and to external services.</summary>
    public IReadOnlyCollection<OperationRequests> Calls => _calls.Values;

    private static void Add(Dictionary<(string Service, string Name), OperationRequests> operations, StoredSpan span, Window window)
    {
        if (!operations.TryGetValue((span.Origin.Service, span.Name), out var operation))
        {
            if (operations.Count >= MaxNames)
            {
                return;
            }

            operations.Add(
                (span.Origin.Service, span.Name),
                operation = new OperationRequests(span.Origin.Service, span.Name, new Series(window))
            );
        }

        operation.Series.Add(span);
        operation.Spans.Add(span);
    }

    private static bool IsRequest(StoredSpan span) =>
        span.Kind is Span.Types.SpanKind.Server or Span.Types.SpanKind.Consumer || span.ParentId == 0;
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
