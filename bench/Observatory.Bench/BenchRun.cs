using System.Diagnostics;
using Platform.Bench;
using Platform.Observatory.Receiving;

namespace Platform.Observatory.Bench;

/// <summary>Fills Observatory, measures it, queries it, and restarts it on its own history.</summary>
internal sealed class BenchRun(BenchOptions options)
{
    private const int Rounds = 5;
    private const int WarmUpBatches = 200;
    private const double Mebibyte = 1 << 20;
    private readonly SpanBatches _batches = new();
    private readonly Report _report = new();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var data = options.Data ?? Directory.CreateTempSubdirectory("observatory-bench-").FullName;
        _report.Add("load average before", Report.Load, $"{Environment.ProcessorCount} processors, {Build} build");

        try
        {
            await new IntakeAlone(_report).RunAsync(cancellationToken);
            await new ForwardCost(_report, options.Senders).RunAsync(cancellationToken);
            var empty = await FillAndAskAsync(data, cancellationToken);
            await ReplayAsync(data, empty, cancellationToken);
        }
        finally
        {
            if (options.Data is null)
            {
                Directory.Delete(data, recursive: true);
            }

            // Reports what was measured even when the run is cut short.
            _report.Add("load average after", Report.Load);
            _report.Print();
        }
    }

    private static string Build =>
        typeof(Listener)
            .Assembly.GetCustomAttributes(typeof(DebuggableAttribute), false)
            .OfType<DebuggableAttribute>()
            .Any(attribute => attribute.IsJITOptimizerDisabled)
            ? "Debug"
            : "Release";

    private async Task<TimeSpan> FillAndAskAsync(string data, CancellationToken cancellationToken)
    {
        await using var child = await Child.StartAsync(data, options.Spans, cancellationToken);
        Note($"started in {child.ReadyAfter.TotalSeconds:F1} s");
        await IngestAsync(child, cancellationToken);
        var stats = await new Stats(child).ReadAsync(cancellationToken);
        AddStore(child, stats);

        // Traces that were evicted, in part or as a whole, are not queried.
        var first = stats.Evicted == 0 ? 0 : (int)(stats.Evicted / SpanBatches.SpansPerTrace) + SpanBatches.TracesPerBatch;
        var end = (int)(stats.Received / SpanBatches.SpansPerTrace);

        await foreach (var result in new Queries(child, first, end, options.Queries).RunAsync(cancellationToken))
        {
            Note($"{result.Name}: {result.P50:F1} ms");
            var figure = $"{result.P50:F1} / {result.P99:F1} ms, {result.Processor:F1} ms cpu";

            if (result.Name == "trace by id, API")
            {
                _report.Add(result.Name + ", p50 / p99", figure, "5 ms", result.P99 < 5);
            }
            else
            {
                _report.Add(result.Name + ", p50 / p99", figure);
            }
        }

        AddMemory("after the queries", child, stats.Stored, withGoal: false);
        return child.ReadyAfter;
    }

    // The protocols alternate, so that both see the same machine state.
    private async Task IngestAsync(Child child, CancellationToken cancellationToken)
    {
        var sender = new Sender(child, _batches, options.Senders);
        var perTurn = Math.Max(1, options.Spans / SpanBatches.SpansPerBatch / (2 * Rounds));
        var batch = 0;
        await sender.SendAsync(true, batch, WarmUpBatches / 2, cancellationToken);
        await sender.SendAsync(false, WarmUpBatches / 2, WarmUpBatches / 2, cancellationToken);
        batch += WarmUpBatches;
        var nothing = new SendResult(0, 0, TimeSpan.Zero, TimeSpan.Zero);
        var (grpc, http) = (nothing, nothing);

        for (var round = 0; round < Rounds; round++)
        {
            var byGrpc = await sender.SendAsync(true, batch, perTurn, cancellationToken);
            var byHttp = await sender.SendAsync(false, batch + perTurn, perTurn, cancellationToken);
            (grpc, http) = (grpc + byGrpc, http + byHttp);
            batch += 2 * perTurn;
            Note(
                $"{batch * SpanBatches.SpansPerBatch:N0} spans sent: "
                    + $"gRPC {byGrpc.PerSecond:N0}/s {byGrpc.MicrosecondsPerSpan:F1} us, "
                    + $"HTTP {byHttp.PerSecond:N0}/s {byHttp.MicrosecondsPerSpan:F1} us"
            );
        }

        _report.Add(
            "spans of one size, bytes",
            $"{_batches.BytesPerSpan:F0}",
            $"{SpanBatches.SpansPerBatch} a batch, {SpanBatches.SpansPerTrace} a trace"
        );
        AddSent("gRPC", grpc);
        AddSent("HTTP/protobuf", http);
        _report.Add("gRPC : HTTP, by processor time", $"{grpc.MicrosecondsPerSpan / http.MicrosecondsPerSpan:F2}");
    }

    private void AddSent(string protocol, SendResult sent)
    {
        _report.Add($"{protocol}, stored spans a second", $"{sent.PerSecond:N0}", "100,000", sent.PerSecond >= 100_000);
        _report.Add($"{protocol}, processor time a span", $"{sent.MicrosecondsPerSpan:F1} us", $"10 us is one processor at 100,000/s");
        _report.Add($"{protocol}, refused and sent again", $"{sent.Refused:N0}");
    }

    private void AddStore(Child child, StoreFigures stats)
    {
        _report.Add(
            "spans in the store",
            $"{stats.Stored:N0}",
            $"of {stats.Received:N0}; {stats.Evicted:N0} evicted, {stats.Duplicate:N0} duplicates"
        );
        _report.Add("traces in the store", $"{stats.Traces:N0}");
        _report.Add("bytes by the store's own count", $"{stats.StoredBytes / Mebibyte:N0} MiB");
        _report.Add(
            "history",
            $"{stats.HistoryBytes / Mebibyte:N0} MiB",
            $"{stats.HistoryWritten:N0} batches, {stats.HistoryDropped:N0} dropped"
        );
        AddMemory("full", child, stats.Stored, withGoal: true);
    }

    private void AddMemory(string when, Child child, int spans, bool withGoal)
    {
        // The goal is for a million; other sizes show the share.
        var goal = 1024.0 * spans / 1_000_000;
        var memory = child.ProportionalSet ?? child.WorkingSet;
        var figure = $"{child.WorkingSet / Mebibyte:N0} / {memory / Mebibyte:N0} MiB";

        if (withGoal)
        {
            _report.Add($"memory {when}, working set / PSS", figure, $"{goal:N0} MiB", memory / Mebibyte < goal);
        }
        else
        {
            _report.Add($"memory {when}, working set / PSS", figure);
        }
    }

    private async Task ReplayAsync(string data, TimeSpan empty, CancellationToken cancellationToken)
    {
        await using var child = await Child.StartAsync(data, options.Spans, cancellationToken);
        var replay = child.ReadyAfter - empty;
        var stats = await new Stats(child).ReadAsync(cancellationToken);
        _report.Add("start, empty / with the history", $"{empty.TotalSeconds:F1} / {child.ReadyAfter.TotalSeconds:F1} s");
        _report.Add(
            "replay",
            $"{stats.Received / Math.Max(0.001, replay.TotalSeconds):N0} spans/s",
            $"{stats.Received:N0} spans, {stats.Stored:N0} stored"
        );
        AddMemory("after the replay", child, stats.Stored, withGoal: false);
    }

    private static void Note(string text) => Console.Error.WriteLine(text);
}
