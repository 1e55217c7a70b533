using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Platform.OutsideCompany;

/// <summary>Never answers: holds the request until the caller gives up or a load balancer's timeout elapses.</summary>
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
