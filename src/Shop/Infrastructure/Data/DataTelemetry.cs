namespace Platform.Infrastructure.Data;

internal static class DataTelemetry
{
    public const string Name = "Platform.Data";
}
