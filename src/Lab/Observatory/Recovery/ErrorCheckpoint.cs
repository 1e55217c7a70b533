using System.Text.Json;
using Microsoft.Extensions.Options;
using Platform.Observatory.Alerts;
using Platform.Observatory.Envelopes;
using Platform.Observatory.History;
using Platform.Observatory.Issues;
using Platform.Observatory.Monitors;
using Platform.Observatory.Releases;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Recovery;

/// <summary>
/// Summary of the deleted segments of the error log, in one file beside them: when and how often each issue was seen, its status, the
/// releases and the deploys. Before a segment is deleted its records are read once more and merged into the file. So the file and the
/// segments together are always complete, whatever is only in memory; reading 16 MiB for each 16 MiB of errors is cheap. Not included:
/// events, check-ins, shares of tags, and who the users were (only their number).
/// </summary>
internal sealed class ErrorCheckpoint(string directory, IOptions<ObservatoryOptions> options)
{
    // Bounded by MaxIssues at a kilobyte or two each, beside the bound of the log.
    private readonly string _file = Path.Combine(directory, "checkpoint.obslog");

    /// <summary>Damaged records: one when the file cannot be read, else none.</summary>
    public int Restore(IssueStore issues, DeployStore deploys)
    {
        if (!File.Exists(_file))
        {
            return 0;
        }

        if (Read() is not { } state)
        {
            return 1;
        }

        issues.Restore(state.Issues, state.Releases);
        deploys.Restore(state.Deploys);

        // A crash between writing the file and deleting the segment leaves a segment that would count twice.
        foreach (var segment in Segments.In(directory).Where(segment => Segments.NumberOf(segment) <= state.Segment))
        {
            segment.Delete();
        }

        return 0;
    }

    /// <summary>Merges a segment before it is deleted.</summary>
    public void Add(FileInfo segment)
    {
        var (issues, deploys) = (new IssueStore(options), new DeployStore());

        // An unreadable file is replaced: what it held is lost already.
        if (File.Exists(_file) && Read() is { } before)
        {
            issues.Restore(before.Issues, before.Releases);
            deploys.Restore(before.Deploys);
        }

        // Alerts of a deleted segment are gone: what fires still is told again.
        var records = new ErrorRecords(
            new EnvelopeContents(issues, new MonitorStore(), new ItemCounters()),
            issues,
            deploys,
            new AlertStore(TimeProvider.System)
        );
        var last = DateTimeOffset.UnixEpoch;

        foreach (var record in new SegmentReader(segment.FullName).Read())
        {
            records.TryApply(record);
            last = record.Time;
        }

        var (states, releases) = issues.States();
        Write(new State(Segments.NumberOf(segment)!.Value, states, releases, deploys.All()), last);
    }

    private State? Read()
    {
        try
        {
            return new SegmentReader(_file).Read().FirstOrDefault() is { } record
                ? JsonSerializer.Deserialize<State>(record.Body.Span)
                : null;
        }
        catch (JsonException)
        {
            // Counted as damaged by the caller.
            return null;
        }
    }

    private void Write(State state, DateTimeOffset time)
    {
        var draft = _file + ".new";

        using (var file = new FileStream(draft, FileMode.Create, FileAccess.Write))
        {
            SegmentWriter.Write(
                file,
                new HistoryRecord(RecordKind.Checkpoint, time, JsonSerializer.SerializeToUtf8Bytes(state)),
                begin: true
            );
        }

        File.Move(draft, _file, overwrite: true);
    }

    /// <summary>Segment is the last one that is included.</summary>
    private sealed record State(
        long Segment,
        IReadOnlyList<IssueState> Issues,
        IReadOnlyDictionary<string, DateTimeOffset> Releases,
        IReadOnlyList<Deploy> Deploys
    );
}
