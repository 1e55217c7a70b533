using System.Diagnostics;
using System.Diagnostics.Metrics;
using Platform.ServiceDefaults;

namespace Platform.Infrastructure.Jobs;

internal static class JobTelemetry
{
    public const string Name = "Platform.Jobs";

    public static readonly ActivitySource Source = new(new ActivitySourceOptions(Name) { Version = "1.0.0" });
}

/// <summary>Duration and outcome of scheduled jobs.</summary>
public sealed class JobMetrics
{
    private readonly Histogram<double> _duration;
    private readonly Gauge<double> _succeeded;
    private readonly Gauge<double> _scheduled;
    private readonly TimeProvider _time;

    public JobMetrics(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        var meter = meters.Create(JobTelemetry.Name);
        _duration = meter.CreateHistogram(
            "platform.job.duration",
            "s",
            "Duration of a run of a scheduled job, by outcome (done, failed, interrupted).",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60] }
        );
        _succeeded = meter.CreateGauge<double>("platform.job.last_success", "s", "Unix time at which a scheduled job was done last.");
        _scheduled = meter.CreateGauge<double>("platform.job.scheduled", "s", "Unix time since which this process is to run a job.");
    }

    /// <summary>From now on its success is awaited: a job that fails from its first run on has no other series.</summary>
    internal void Schedule(string job) => _scheduled.Record(Now, new KeyValuePair<string, object?>(Correlation.JobName, job));

    internal void RecordRun(string job, string outcome, TimeSpan duration)
    {
        _duration.Record(duration.TotalSeconds, new TagList { { Correlation.JobName, job }, { "outcome", outcome } });
        if (outcome == JobRuns.Done)
        {
            _succeeded.Record(Now, new KeyValuePair<string, object?>(Correlation.JobName, job));
        }
    }

    private double Now => _time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;
}
