using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Platform.OutsideCompany;

/// <summary>A request whose answer never comes: held until the caller gives up or the patience of a load balancer ends.</summary>
public sealed class UnansweredRequest(TimeProvider time, IHostApplicationLifetime lifetime)
{
    public static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(60);

    public async Task HoldAsync(HttpContext context)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        await Task.Delay(LongestHold, time, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        context.Abort();
    }
}
