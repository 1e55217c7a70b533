namespace Platform.Observatory;

internal enum Signal
{
    Traces,
    Metrics,
    Logs,
}
