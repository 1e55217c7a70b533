namespace Aspire.Npgsql;

/// <summary>What the section <c>Aspire:Npgsql</c> and the delegate of <c>AddNpgsqlDataSource</c> can set.</summary>
public sealed class NpgsqlSettings
{
    /// <summary>The connection string; <c>ConnectionStrings:{name}</c> wins over the section.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Leaves the health check out.</summary>
    public bool DisableHealthChecks { get; set; }

    /// <summary>Leaves the activity source "Npgsql" out of the tracer provider.</summary>
    public bool DisableTracing { get; set; }

    /// <summary>Leaves the meter "Npgsql" out of the meter provider.</summary>
    public bool DisableMetrics { get; set; }
}
