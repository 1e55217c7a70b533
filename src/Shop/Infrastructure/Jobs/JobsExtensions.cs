using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Platform.Infrastructure.Jobs;

public static class JobsExtensions
{
    /// <summary>Adds a scheduled job to the service; the same job twice is one.</summary>
    public static IServiceCollection AddScheduledJob<TJob>(this IServiceCollection services)
        where TJob : ScheduledJob
    {
        services.TryAddSingleton<JobMetrics>();
        services.TryAddSingleton<JobRuns>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, TJob>());
        return services;
    }
}
