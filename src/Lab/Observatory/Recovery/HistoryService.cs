using Microsoft.Extensions.Options;
using Platform.Observatory.History;
using Platform.Observatory.Issues;
using Platform.Observatory.Releases;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Recovery;

/// <summary>
/// Replays the history at startup, then keeps writing it. Runs before the listeners open, so that nobody sees half of the history, and
/// stops after them.
/// </summary>
internal sealed partial class HistoryService(
    HistoryLog log,
    Replay replay,
    IssueStore issues,
    DeployStore deploys,
    IOptions<ObservatoryOptions> options,
    ILogger<HistoryService> logger
) : IHostedService, IDisposable
{
    private readonly List<SegmentWriter> _writers = [];
    private FileStream? _lock;
    private Task _writing = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.DataDirectory is not { Length: > 0 } directory)
        {
            return Task.CompletedTask;
        }

        var telemetry = Directory.CreateDirectory(Path.Combine(directory, log.Telemetry.Name)).FullName;
        var errors = Directory.CreateDirectory(Path.Combine(directory, log.Errors.Name)).FullName;

        // Two processes in one directory would delete each other's segments. The lock is released with the process, however it ends.
        _lock = new FileStream(Path.Combine(directory, "in-use"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        var checkpoint = new ErrorCheckpoint(errors, options);
        log.Replayed = ReplayAll(checkpoint, new LogReader(errors), new LogReader(telemetry), cancellationToken);
        _writing = Task.WhenAll(Write(log.Telemetry, telemetry, _ => { }), Write(log.Errors, errors, checkpoint.Add));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        log.Telemetry.Complete();
        log.Errors.Complete();
        await _writing.WaitAsync(cancellationToken);
        Dispose();
    }

    public void Dispose()
    {
        _writers.ForEach(writer => writer.Dispose());
        _writers.Clear();
        _lock?.Dispose();
        _lock = null;
    }

    private Task Write(RecordQueue queue, string directory, Action<FileInfo> beforeDeletion)
    {
        var writer = new SegmentWriter(directory, queue.MaxBytes, options.Value.HistorySegmentBytes, beforeDeletion);
        _writers.Add(writer);
        return Task.Run(() => queue.WriteAsync(writer), CancellationToken.None);
    }

    private ReplayResult ReplayAll(ErrorCheckpoint checkpoint, LogReader errors, LogReader telemetry, CancellationToken cancellationToken)
    {
        var (records, refused) = (0, 0);
        var lost = checkpoint.Restore(issues, deploys);

        foreach (var record in LogReader.Merge(errors.Read(), telemetry.Read()))
        {
            cancellationToken.ThrowIfCancellationRequested();
            (records, refused) = replay.TryApply(record) ? (records + 1, refused) : (records, refused + 1);
        }

        var result = new ReplayResult(records, lost + errors.Damaged + telemetry.Damaged, refused, errors.TornBytes + telemetry.TornBytes);

        if (result.Damaged > 0 || result.TornBytes > 0 || result.Refused > 0)
        {
            LogDamage(result.Records, result.Damaged, result.Refused, result.TornBytes);
        }

        return result;
    }

    [LoggerMessage(
        EventId = 5003,
        Level = LogLevel.Warning,
        Message = "{Records} records of the history were read; {Damaged} damaged and {Refused} unusable ones were skipped, "
            + "and {TornBytes} bytes of a torn end were cut"
    )]
    private partial void LogDamage(int records, int damaged, int refused, long tornBytes);
}
