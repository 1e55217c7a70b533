using System.Collections;
using System.Text;

namespace Platform.Testing;

/// <summary>
/// A trace as its spans arrived, with what must hold for it. Each assertion returns the trace, so that they can be written one after the
/// other; one that fails prints the trace as a tree.
/// </summary>
/// <param name="id">32 hex digits.</param>
/// <param name="spans">In any order.</param>
/// <param name="receivedTwice">Ids of spans that arrived more than once, where the source of the trace counts them.</param>
public sealed class Trace(string id, IReadOnlyList<Span> spans, IReadOnlyList<string> receivedTwice) : IReadOnlyList<Span>
{
    public string Id => id;

    public int Count => spans.Count;

    public Span this[int index] => spans[index];

    /// <summary>Spans whose parent is not in the trace: its root, and what hangs loose.</summary>
    public IEnumerable<Span> Roots => spans.Where(span => ParentOf(span) is null);

    /// <summary>True when the first span has arrived, and nothing hangs loose.</summary>
    public bool BeginsHere => Roots.Take(2).ToList() is [{ ParentSpanId: null }];

    /// <summary>Null for a root, and for a span whose parent did not arrive.</summary>
    public Span? ParentOf(Span span) => span.ParentSpanId is null ? null : spans.FirstOrDefault(other => other.SpanId == span.ParentSpanId);

    public bool Contains(string service, string name) => spans.Any(span => span.Service == service && span.Name == name);

    /// <summary>Every service took part. They are given in the order of the request's way, so that the failure can name the hop.</summary>
    /// <exception cref="TraceAssertionException">A service has no span.</exception>
    public Trace AssertServices(params ReadOnlySpan<string> services)
    {
        string? before = null;
        foreach (var service in services)
        {
            if (!spans.Any(span => span.Service == service))
            {
                Fail(before is null ? $"no span of {service}" : $"missing hop {before} -> {service}: no span of {service}");
            }

            before = service;
        }

        return this;
    }

    /// <summary>The second span is a child of the first: context went over that hop.</summary>
    /// <exception cref="TraceAssertionException">One of the spans is missing, or the second has another parent.</exception>
    public Trace AssertHop((string Service, string Name) from, (string Service, string Name) to)
    {
        var hop = $"{from.Service} -> {to.Service}";
        if (!Contains(from.Service, from.Name))
        {
            Fail($"missing hop {hop}: no span \"{from.Name}\" of {from.Service}");
        }

        var arrived = spans.Where(span => span.Service == to.Service && span.Name == to.Name).ToList();
        if (arrived.Count == 0)
        {
            Fail($"missing hop {hop}: no span \"{to.Name}\" of {to.Service} below \"{from.Name}\"");
        }

        if (!arrived.Any(span => ParentOf(span) is { } parent && parent.Service == from.Service && parent.Name == from.Name))
        {
            Fail(
                $"missing hop {hop}: \"{to.Name}\" of {to.Service} is not below \"{from.Name}\" but "
                    + string.Join(" and ", arrived.Select(WhereIs))
            );
        }

        return this;
    }

    /// <summary>One root, no span without its parent, no span twice.</summary>
    /// <param name="callersSpan">Id of the span of a caller outside the trace, if the request came with a traceparent.</param>
    /// <exception cref="TraceAssertionException">One of these does not hold.</exception>
    public Trace AssertWhole(string? callersSpan = null)
    {
        var twice = receivedTwice.Concat(spans.GroupBy(span => span.SpanId).Where(group => group.Count() > 1).Select(group => group.Key));
        if (twice.FirstOrDefault() is { } doubled)
        {
            Fail($"the span {doubled} ({spans.FirstOrDefault(span => span.SpanId == doubled)}) arrived more than once");
        }

        if (Roots.FirstOrDefault(span => span.ParentSpanId is not null && span.ParentSpanId != callersSpan) is { } orphan)
        {
            Fail($"missing hop to {orphan.Service}: \"{orphan.Name}\" is {WhereIs(orphan)}");
        }

        if (Roots.Count() != 1)
        {
            Fail($"one root, and not {Roots.Count()}: {string.Join(", ", Roots)}");
        }

        var root = Roots.Single();
        if (root.ParentSpanId != callersSpan)
        {
            Fail($"missing hop to {root.Service}: its root \"{root.Name}\" does not continue the caller's span {callersSpan}");
        }

        if (spans.FirstOrDefault(span => !IsBelow(span, root)) is { } loop)
        {
            Fail($"\"{loop.Name}\" of {loop.Service} is its own ancestor");
        }

        return this;
    }

    /// <summary>No text of any span - name, attribute, event, status - contains one of these.</summary>
    /// <exception cref="TraceAssertionException">One does. The failure says where, and not what.</exception>
    /// <exception cref="ArgumentException">A secret is empty: every text contains it.</exception>
    public Trace AssertNoSecret(params ReadOnlySpan<string> secrets)
    {
        foreach (var secret in secrets)
        {
            ArgumentException.ThrowIfNullOrEmpty(secret);
            foreach (var span in spans)
            {
                foreach (var (where, text) in span.Texts)
                {
                    if (text.Contains(secret, StringComparison.OrdinalIgnoreCase))
                    {
                        Fail(
                            $"a secret of {secret.Length} characters is in{where} of {span.Service}: {span.Kind} span {span.SpanId}",
                            tree: false
                        );
                    }
                }
            }
        }

        return this;
    }

    /// <summary>The trace as a tree: a line for each span, children below their parent.</summary>
    public override string ToString()
    {
        var tree = new StringBuilder();
        var written = new HashSet<Span>(ReferenceEqualityComparer.Instance);
        foreach (var root in Roots.Concat(spans))
        {
            Write(root, 0);
        }

        return tree.Length == 0 ? "(no spans)" : tree.ToString().TrimEnd();

        void Write(Span span, int depth)
        {
            // Ids that repeat could make a circle of it.
            if (!written.Add(span))
            {
                return;
            }

            tree.Append(' ', depth * 2).Append(span);
            if (span.ParentSpanId is not null && ParentOf(span) is null)
            {
                tree.Append(" (its parent ").Append(span.ParentSpanId).Append(" is not here)");
            }

            tree.AppendLine();
            foreach (var child in spans.Where(child => child.ParentSpanId == span.SpanId).OrderBy(child => child.StartUnixNano))
            {
                Write(child, depth + 1);
            }
        }
    }

    public IEnumerator<Span> GetEnumerator() => spans.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private bool IsBelow(Span span, Span root)
    {
        var (current, steps) = (span, 0);
        while (ParentOf(current) is { } parent && steps++ < spans.Count)
        {
            current = parent;
        }

        return ReferenceEquals(current, root);
    }

    private string WhereIs(Span span) =>
        ParentOf(span) is { } parent ? $"below \"{parent.Name}\" of {parent.Service}"
        : span.ParentSpanId is null ? "a root"
        : $"an orphan: its parent {span.ParentSpanId} is not in the trace";

    [System.Diagnostics.CodeAnalysis.DoesNotReturn]
    private void Fail(string problem, bool tree = true) =>
        throw new TraceAssertionException($"Trace {id}: {problem}.{(tree ? Environment.NewLine + this : "")}");
}

/// <summary>A trace is not as it must be. Any test framework reports it as a failure.</summary>
public sealed class TraceAssertionException(string message, Exception? innerException = null) : Exception(message, innerException);
