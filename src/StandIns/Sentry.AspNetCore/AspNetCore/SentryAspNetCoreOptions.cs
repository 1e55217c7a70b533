using Sentry.Extensibility;
using Sentry.Extensions.Logging;

namespace Sentry.AspNetCore;

/// <summary>How the SDK behaves in a web application.</summary>
public class SentryAspNetCoreOptions : SentryLoggingOptions
{
    private RequestSize _maxRequestBodySize;

    public SentryAspNetCoreOptions() => SdkName = "sentry.dotnet.aspnetcore";

    /// <summary>Bodies are never sent here.</summary>
    public RequestSize MaxRequestBodySize
    {
        get => _maxRequestBodySize;
        set => _maxRequestBodySize = value == RequestSize.None ? value : throw Unsupported($"MaxRequestBodySize {value}");
    }

    /// <summary>Each request waits for its events, within the FlushTimeout.</summary>
    public bool FlushOnCompletedRequest { get; set; }

    /// <summary>Production, Staging and Development are sent in lower case, as other SDKs do.</summary>
    public bool AdjustStandardEnvironmentNameCasing { get; set; } = true;
}
