using System.Diagnostics;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Platform.Bench;
using Platform.Observatory.Ingest;
using Platform.Observatory.Otlp;
using Platform.Observatory.Scrubbing;

namespace Platform.Observatory.Bench;

/// <summary>
/// The steps of the intake, without network and other threads, side by side: the cost of a plain span, and of parsing, scrubbing and
/// serializing it.
/// </summary>
internal sealed class IntakeAlone(Report report)
{
    private const int Turns = 6;
    private const int Batches = 64;
    private long _unpacked;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var app = ObservatoryApp.Create(["--environment=Development", "--Observatory:MaxSpans=50000"]);
        var intake = app.Services.GetRequiredService<Intake>();
        var queue = app.Services.GetRequiredService<IngestQueue<Store.StoredSpan>>();
        await queue.StartAsync(cancellationToken);
        var source = new SpanBatches();
        var bodies = Enumerable.Range(0, Batches).Select(source.Make).ToList();
        var scanner = new SpanScanner();
        var (taken, checkedOnly, scanned, unpacked) = (new Figure(), new Figure(), new Figure(), new Figure());

        // The first turns are JIT warm-up.
        for (var turn = 0; turn < 2 * Turns; turn++)
        {
            var count = turn >= Turns;
            cancellationToken.ThrowIfCancellationRequested();
            Measure(bodies, checkedOnly, count, body => WireCheck.Check(body, ExportTraceServiceRequest.Descriptor));
            Measure(
                bodies,
                scanned,
                count,
                body =>
                    _unpacked +=
                        scanner
                            .Scan(body)
                            ?.Groups.Sum(group => group.Scopes.Sum(scope => scope.Spans.Count(span => span.Parsed is not null)))
                        ?? SpanBatches.SpansPerBatch
            );
            Measure(bodies, unpacked, count, Unpack);
            Measure(bodies, taken, count, body => intake.Accept(Signal.Traces, body, json: false));
            await queue.WaitUntilStoredAsync(cancellationToken);
        }

        await queue.StopAsync(cancellationToken);
        report.Add("intake alone, whole", taken.Text);
        report.Add("intake alone, wire check", checkedOnly.Text);
        report.Add(
            "intake alone, wire check and scan",
            scanned.Text,
            $"{_unpacked / (2.0 * Turns * Batches * SpanBatches.SpansPerBatch):P1} of the spans were not plain"
        );
        report.Add(
            "unpack, look through, pack again",
            unpacked.Text,
            $"{unpacked.Microseconds / taken.Microseconds:F1} times the intake of plain spans"
        );
    }

    private static void Unpack(byte[] body)
    {
        var request = OtlpDecoder.Traces(body, json: false).Message;
        OtlpScrubber.Scrub(request);

        foreach (var span in request.ResourceSpans.SelectMany(group => group.ScopeSpans).SelectMany(scope => scope.Spans))
        {
            span.ToByteArray();
        }
    }

    private static void Measure(List<byte[]> bodies, Figure figure, bool count, Action<byte[]> step)
    {
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var clock = Stopwatch.StartNew();
        bodies.ForEach(step);

        if (count)
        {
            figure.Add(clock.Elapsed, GC.GetAllocatedBytesForCurrentThread() - allocated, bodies.Count * SpanBatches.SpansPerBatch);
        }
    }

    private sealed class Figure
    {
        private long _spans;
        private long _bytes;

        /// <summary>Of the fastest turn, which other work disturbed least.</summary>
        public double Microseconds { get; private set; } = double.MaxValue;

        public string Text => $"{Microseconds:F2} us, {_bytes / Math.Max(1, _spans):N0} bytes a span";

        public void Add(TimeSpan time, long bytes, int spans)
        {
            Microseconds = Math.Min(Microseconds, time.TotalMicroseconds / spans);
            _bytes += bytes;
            _spans += spans;
        }
    }
}
