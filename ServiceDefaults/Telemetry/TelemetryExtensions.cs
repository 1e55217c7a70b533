using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Platform.ServiceDefaults.Errors;
using Platform.ServiceDefaults.Logging;

namespace Platform.ServiceDefaults.Telemetry;

internal static class TelemetryExtensions
{
    private const string OwnSources = "Platform.";

    private static readonly string[] Sources = ["Microsoft.AspNetCore", "System.Net.Http", "Npgsql"];

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        // .NET 10 leaves the semantic-convention attributes off server spans unless asked.
        AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);

        var identity = ServiceIdentity.From(builder);
        var destinations = OtlpDestination.From(builder.Configuration);
        builder.Services.AddSingleton(identity);
        builder.Services.AddSingleton<IStartupFilter, ServerSpanStartupFilter>();

        // First of all hosted services, so that what the others do at start is recorded.
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService, TelemetryStarter>());
        var telemetry = new HostTelemetryBuilder(builder.Services);
        telemetry.ConfigureResource(identity.Describe);

        // The sampler is the SDK's own reading of OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG, nothing else.
        telemetry.WithTracing(tracing =>
        {
            tracing.AddSource(Sources).AddSource($"{OwnSources}*").AddProcessor(new SpanProcessor(PeerNames.From(builder.Configuration)));
            foreach (var (destination, index) in destinations.Select((destination, index) => (destination, index)))
            {
                tracing.AddOtlpExporter($"traces-{index}", options => destination.Configure(options, "traces"));
            }
        });

        telemetry.WithMetrics(metrics =>
        {
            metrics.AddMeter("Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime", "Npgsql", "Platform.*")
                .SetExemplarFilter(ExemplarFilterType.TraceBased);
            foreach (var (destination, index) in destinations.Select((destination, index) => (destination, index)))
            {
                metrics.AddOtlpExporter($"metrics-{index}", options => destination.Configure(options, "metrics"));
            }
        });

        telemetry.WithLogging(
            logging =>
            {
                logging.AddProcessor(new LogProcessor());
                foreach (var (destination, index) in destinations.Select((destination, index) => (destination, index)))
                {
                    logging.AddOtlpExporter($"logs-{index}", options => destination.Configure(options, "logs"));
                }
            },
            options => options.IncludeFormattedMessage = true);

        builder.AddPlatformLogging(identity);
        builder.AddErrorReporting(identity);
    }

    /// <summary>The extension methods of the OpenTelemetry SDK on a host's services; the package that usually brings this is not restorable everywhere.</summary>
    private sealed class HostTelemetryBuilder(IServiceCollection services) : IOpenTelemetryBuilder
    {
        public IServiceCollection Services => services;
    }

    /// <summary>Resolving a provider starts it; the container disposes it at the end, which flushes.</summary>
    private sealed class TelemetryStarter(IServiceProvider services) : IHostedService, IDisposable
    {
        private ActivityListener? _exceptions;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            services.GetRequiredService<TracerProvider>();
            services.GetRequiredService<MeterProvider>();
            _exceptions = ExceptionTexts.Scrub(name => Sources.Contains(name) || name.StartsWith(OwnSources, StringComparison.Ordinal));
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose() => _exceptions?.Dispose();
    }
}
