using System.Diagnostics;
using System.Globalization;

namespace Platform.Observatory.Bench;

/// <summary>Runs the queries of people and programs, one after the other.</summary>
internal sealed class Queries(Child child, int firstTrace, int endTrace, int repetitions)
{
    private const int PerTrace = 10;
    private readonly Random _random = new(1);

    public async IAsyncEnumerable<QueryResult> RunAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        yield return await MeasureAsync(
            "trace by id, API",
            repetitions * PerTrace,
            () => $"/api/telemetry/traces/{Trace()}",
            cancellationToken
        );
        yield return await MeasureAsync("trace by id, page", repetitions * PerTrace, () => $"/traces/{Trace()}", cancellationToken);
        yield return await MeasureAsync(
            "search by request id, page",
            repetitions,
            () => $"/search?q={SpanBatches.RequestId(Any())}",
            cancellationToken
        );
        yield return await MeasureAsync(
            "attribute search, rare",
            repetitions,
            () => $"/api/telemetry/spans?search=request.id%3D{SpanBatches.RequestId(Any())}",
            cancellationToken
        );
        yield return await MeasureAsync(
            "attribute search, common",
            repetitions,
            () => "/api/telemetry/spans?search=tenant.id%3Dharbor",
            cancellationToken
        );
        yield return await MeasureAsync(
            "text search, rare",
            repetitions,
            () => $"/api/telemetry/spans?search={SpanBatches.RequestId(Any())}",
            cancellationToken
        );
        yield return await MeasureAsync(
            "group by service",
            repetitions,
            () => "/api/telemetry/groups?signal=traces&by=service",
            cancellationToken
        );
        yield return await MeasureAsync(
            "group by tenant.id",
            repetitions,
            () => "/api/telemetry/groups?signal=traces&by=tenant.id",
            cancellationToken
        );
        yield return await MeasureAsync("overview page", repetitions, () => "/?range=all", cancellationToken);
        yield return await MeasureAsync("service map page", repetitions, () => "/map?range=all", cancellationToken);
        yield return await MeasureAsync("traces page", repetitions, () => "/traces", cancellationToken);
        yield return await MeasureAsync("traces page, by tenant.id", repetitions, () => "/traces?by=tenant.id", cancellationToken);
        yield return await MeasureAsync("store page", repetitions, () => "/store", cancellationToken);
    }

    private int Any() => _random.Next(firstTrace, endTrace);

    private string Trace() => SpanBatches.TraceId(Any()).ToString("x32", CultureInfo.InvariantCulture);

    private async Task<QueryResult> MeasureAsync(string name, int count, Func<string> path, CancellationToken cancellationToken)
    {
        // The first one is JIT warm-up.
        await AskAsync(path(), cancellationToken);
        var before = child.Processor;
        var times = new List<double>();

        for (var index = 0; index < count; index++)
        {
            var clock = Stopwatch.StartNew();
            await AskAsync(path(), cancellationToken);
            times.Add(clock.Elapsed.TotalMilliseconds);
        }

        times.Sort();
        return new QueryResult(name, At(times, 0.5), At(times, 0.99), (child.Processor - before).TotalMilliseconds / count);
    }

    private async Task AskAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await child.Http.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);

        // An empty result would be fast and meaningless.
        if (!answer.IsSuccessStatusCode || (await answer.Content.ReadAsByteArrayAsync(cancellationToken)).Length < 100)
        {
            throw new InvalidOperationException($"{path}: {(int)answer.StatusCode}");
        }
    }

    private static double At(List<double> sorted, double share) => sorted[(int)Math.Ceiling(sorted.Count * share) - 1];
}

/// <summary>Processor is the CPU time of Observatory for one query, in milliseconds.</summary>
internal sealed record QueryResult(string Name, double P50, double P99, double Processor);
