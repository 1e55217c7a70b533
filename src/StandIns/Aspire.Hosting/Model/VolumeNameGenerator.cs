using System.Text.RegularExpressions;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static partial class VolumeNameGenerator
{
    /// <summary>A name that is the same in every run of this AppHost: <c>shop.apphost-1a2b3c4d5e-pg-data</c>.</summary>
    public static string Generate<T>(IResourceBuilder<T> builder, string suffix) where T : IResource
    {
        var application = Invalid().Replace(builder.ApplicationBuilder.Environment.ApplicationName, "_").ToLowerInvariant();
        var hash = builder.ApplicationBuilder.Configuration["AppHost:Sha256"]![..10].ToLowerInvariant();
        return $"{application}-{hash}-{builder.Resource.Name}-{suffix}";
    }

    [GeneratedRegex("[^a-zA-Z0-9_.-]")]
    private static partial Regex Invalid();
}
