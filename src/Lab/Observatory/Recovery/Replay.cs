using Platform.Observatory.History;
using Platform.Observatory.Ingest;
using Platform.Observatory.Receiving;

namespace Platform.Observatory.Recovery;

/// <summary>Replays the records of both logs.</summary>
internal sealed class Replay(Intake intake, ErrorRecords errors)
{
    /// <summary>False when the record is intact but cannot be used.</summary>
    public bool TryApply(HistoryRecord record)
    {
        if (record.Kind is not (RecordKind.Traces or RecordKind.Logs))
        {
            return errors.TryApply(record);
        }

        try
        {
            intake.Replay(record);
            return true;
        }
        catch (RefusedException)
        {
            // Counted by the caller: limits may be smaller than they were.
            return false;
        }
    }
}
