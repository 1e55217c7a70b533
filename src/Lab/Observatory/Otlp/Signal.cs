namespace Platform.Observatory.Otlp;

internal enum Signal
{
    Traces,
    Metrics,
    Logs,
}
