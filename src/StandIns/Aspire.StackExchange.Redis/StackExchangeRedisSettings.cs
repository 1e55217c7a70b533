namespace Aspire.StackExchange.Redis;

/// <summary>What the section <c>Aspire:StackExchange:Redis</c> and the delegate of <c>AddRedisClient</c> can set.</summary>
public sealed class StackExchangeRedisSettings
{
    /// <summary>"localhost:6379,password=…"; <c>ConnectionStrings:{name}</c> wins over the section.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Leaves the health check out.</summary>
    public bool DisableHealthChecks { get; set; }

    /// <summary>Leaves the source "OpenTelemetry.Instrumentation.StackExchangeRedis" out of the tracer provider.</summary>
    public bool DisableTracing { get; set; }
}
