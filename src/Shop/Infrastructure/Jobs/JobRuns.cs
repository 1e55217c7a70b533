using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Platform.Infrastructure.Data;
using Platform.ServiceDefaults;

namespace Platform.Infrastructure.Jobs;

/// <summary>
/// Reports each run of a job: a trace, a measurement, a log line, and check-ins of a cron monitor, so that a missed run is noticed too.
/// </summary>
public sealed partial class JobRuns(ServiceIdentity identity, JobMetrics metrics, TimeProvider time, ILogger<JobRuns> logger)
{
    internal const string Done = "done";

    /// <summary>Tolerated delay of a run; monitors count in minutes.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    /// <summary>A longer run is reported as late.</summary>
    private static readonly TimeSpan MaxRuntime = TimeSpan.FromMinutes(5);

    internal void Schedule(string name) => metrics.Schedule(name);

    /// <summary>Runs the job once. A failure is reported and swallowed: the next run retries.</summary>
    internal async Task RunAsync(string name, TimeSpan interval, Func<CancellationToken, Task> work, CancellationToken stoppingToken)
    {
        using var scope = ErrorScope.Begin();
        Activity.Current = null;
        using var activity = JobTelemetry.Source.StartActivity($"job {name}");
        Correlation.Set(activity, Correlation.JobName, name);
        ErrorScope.ContinueTrace(activity);

        var slug = $"{identity.Service}-{name}";
        var started = time.GetTimestamp();
        var checkIn = SentrySdk.CaptureCheckIn(
            slug,
            CheckInStatus.InProgress,
            configureMonitorOptions: monitor => Describe(monitor, interval)
        );
        try
        {
            await work(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Shutdown. An open check-in would be reported as a run that takes too long.
            Finish("interrupted", CheckInStatus.Error);
            throw;
        }
#pragma warning disable CA1031 // The boundary of one run: the failure is in log, span, monitor and, unless a dependency is away, an event.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            activity.Fail(exception);
            Finish("failed", CheckInStatus.Error);
            LogFailed(DatabaseFailure.IsTransient(exception) ? LogLevel.Warning : LogLevel.Error, exception, name);
            return;
        }

        Finish(Done, CheckInStatus.Ok);

        void Finish(string outcome, CheckInStatus status)
        {
            var duration = time.GetElapsedTime(started);
            metrics.RecordRun(name, outcome, duration);
            SentrySdk.CaptureCheckIn(slug, status, checkIn, duration, configureMonitorOptions: monitor => Describe(monitor, interval));
            LogFinished(name, outcome, duration.TotalMilliseconds);
        }
    }

    private static void Describe(SentryMonitorOptions monitor, TimeSpan interval)
    {
        monitor.Interval(Math.Max(1, (int)Math.Ceiling(interval.TotalMinutes)), SentryMonitorInterval.Minute);
        monitor.CheckInMargin = Margin;
        monitor.MaxRuntime = MaxRuntime;
    }

    [LoggerMessage(
        EventId = 9005,
        EventName = "job.finished",
        Level = LogLevel.Information,
        Message = "Job {Job} {Outcome} in {DurationMs} ms"
    )]
    private partial void LogFinished(string job, string outcome, double durationMs);

    [LoggerMessage(EventId = 9006, EventName = "job.failed", Message = "Job {Job} failed; its next run retries")]
    private partial void LogFailed(LogLevel level, Exception exception, string job);
}
