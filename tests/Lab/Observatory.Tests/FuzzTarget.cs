using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Platform.Observatory.Envelopes;
using Platform.Observatory.History;
using Platform.Observatory.Ingest;
using Platform.Observatory.Otlp;
using Platform.Observatory.Query;
using Platform.Observatory.Recovery;
using Platform.Observatory.Store;

namespace Platform.Observatory.Tests;

/// <summary>
/// A reader of untrusted bytes. For what it rejects, Accept returns false or throws RefusedException; any other exception is a defect.
/// </summary>
internal sealed record FuzzTarget(string Name, IReadOnlyList<byte[]> Samples, Func<byte[], bool> Accept)
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(56);

    /// <summary>All of a whole application; directory is for the files of the segment reader.</summary>
    public static IReadOnlyList<FuzzTarget> Of(IServiceProvider services, string directory)
    {
        var intake = services.GetRequiredService<Intake>();
        var envelopes = services.GetRequiredService<EnvelopeIntake>();
        var replay = services.GetRequiredService<Replay>();
        var store = services.GetRequiredService<TelemetryStore>();
        Array.ForEach(FuzzSamples.Records, record => replay.TryApply(record));
        TelemetryRecord[] records = [.. store.Spans.Snapshot().Take(3), .. store.Logs.Snapshot().Take(3)];
        return
        [
            Otlp("traces, protobuf", Signal.Traces, json: false, FuzzSamples.Traces),
            Otlp("traces, JSON", Signal.Traces, json: true, FuzzSamples.Traces),
            Otlp("logs, protobuf", Signal.Logs, json: false, FuzzSamples.Logs),
            Otlp("logs, JSON", Signal.Logs, json: true, FuzzSamples.Logs),
            Otlp("metrics, protobuf", Signal.Metrics, json: false, Telemetry.Metrics("orders", 3)),
            Otlp("metrics, JSON", Signal.Metrics, json: true, Telemetry.Metrics("orders", 3)),
            new("envelopes", FuzzSamples.Envelopes, input => Always(() => envelopes.Accept(EnvelopeReader.Read(input), Now))),
            new("segments", [Segment(FuzzSamples.Records)], input => ReadSegment(input, Path.Combine(directory, "fuzz.obslog"), replay)),
            // The first byte is the kind: a whole record, whose checksum is right, with a body that nobody checked before it was written.
            new(
                "records",
                [.. FuzzSamples.Records.Select(record => (byte[])[(byte)record.Kind, .. record.Body.Span])],
                input => input.Length > 0 && replay.TryApply(new HistoryRecord((RecordKind)input[0], Now, input.AsMemory(1)))
            ),
            new("filters", FuzzSamples.Filters, input => Filters(input, records)),
        ];

        FuzzTarget Otlp(string name, Signal signal, bool json, IMessage sample) =>
            new(
                name,
                [json ? Encoding.UTF8.GetBytes(OtlpJson.Write(sample)) : sample.ToByteArray()],
                input => Always(() => intake.Accept(signal, input, json))
            );
    }

    private static bool Always(Action take)
    {
        take();
        return true;
    }

    private static byte[] Segment(IEnumerable<HistoryRecord> records)
    {
        using var bytes = new MemoryStream();
        bytes.Write(RecordHeader.Magic);
        var header = new byte[RecordHeader.Bytes];

        foreach (var record in records)
        {
            RecordHeader.Of(record).Write(header);
            bytes.Write(header);
            bytes.Write(record.Body.Span);
        }

        return bytes.ToArray();
    }

    private static bool ReadSegment(byte[] input, string path, Replay replay)
    {
        File.WriteAllBytes(path, input);
        var reader = new SegmentReader(path);
        var applied = reader.Read().Count(replay.TryApply);
        return applied > 0 && reader.Damaged == 0 && reader.TornBytes == 0;
    }

    private static bool Filters(byte[] input, TelemetryRecord[] records)
    {
        var text = Encoding.UTF8.GetString(input);
        var taken = false;

        foreach (var signal in (Signal[])[Signal.Traces, Signal.Logs])
        {
            if (Filter.TryParse(text, signal, out var filter, out var error))
            {
                taken = true;
                Array.ForEach(records, record => filter.Matches(record));
                filter.MatchesTogether(records);
            }
            else if (!error.StartsWith("Position ", StringComparison.Ordinal))
            {
                throw new InvalidOperationException($"A refusal must name the position: {error}");
            }
        }

        return taken;
    }
}
