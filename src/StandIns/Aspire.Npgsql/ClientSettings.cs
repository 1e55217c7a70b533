using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.Hosting;

/// <summary>What the client integrations have in common; compiled into each of them, because a package of their own would be public.</summary>
internal static class ClientSettings
{
    /// <summary>The section, then its subsection of the connection's name, then <c>ConnectionStrings:{name}</c>, each over the one before.</summary>
    public static string? Bind(this IHostApplicationBuilder builder, string sectionName, string connectionName, object settings)
    {
        var section = builder.Configuration.GetSection(sectionName);
        section.Bind(settings);
        section.GetSection(connectionName).Bind(settings);
        return builder.Configuration.GetConnectionString(connectionName) is { Length: > 0 } connectionString ? connectionString : null;
    }

    /// <summary>One registration per name: two calls for the same client would otherwise fail at the first check, not here.</summary>
    public static void TryAddHealthCheck(this IHostApplicationBuilder builder, HealthCheckRegistration registration)
    {
        var marker = $"Aspire.HealthChecks.{registration.Name}";
        if (builder.Properties.TryAdd(marker, true))
        {
            builder.Services.AddHealthChecks().Add(registration);
        }
    }

    public static InvalidOperationException MissingConnectionString(string client, string sectionName, string connectionName) => new(
        $"{client} has no connection string. Set 'ConnectionStrings:{connectionName}', or 'ConnectionString' in the section "
        + $"'{sectionName}' or '{sectionName}:{connectionName}'.");
}
