namespace Aspire.RabbitMQ.Client;

/// <summary>What the section <c>Aspire:RabbitMQ:Client</c> and the delegate of <c>AddRabbitMQClient</c> can set.</summary>
public sealed class RabbitMQClientSettings
{
    /// <summary>An AMQP URI; <c>ConnectionStrings:{name}</c> wins over the section.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>How often a refused connection is tried again before resolving it fails; the waits are 1, 2, 4 … seconds.</summary>
    public int MaxConnectRetryCount { get; set; } = 5;

    /// <summary>Leaves the health check out.</summary>
    public bool DisableHealthChecks { get; set; }

    /// <summary>Leaves the sources "Aspire.RabbitMQ.Client" and "RabbitMQ.Client.*" out of the tracer provider.</summary>
    public bool DisableTracing { get; set; }
}
