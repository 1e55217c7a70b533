using System.ComponentModel.DataAnnotations;
using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.Options;
using Platform.Infrastructure.Data;
using Platform.Infrastructure.Identity;

namespace Platform.Gateway;

internal sealed class RateLimitOptions
{
    public const string SectionName = "RateLimit";

    /// <summary>Requests of one user in a fixed window of a minute.</summary>
    [Range(1, 1_000_000)]
    public int PermitsPerMinute { get; set; } = 6_000;
}

/// <summary>
/// A fixed window per user, shared by all gateways in Redis. It fails open: without Redis nobody is limited, because it guards against
/// runaway clients, not attacks.
/// </summary>
internal sealed class RateLimit(Cache cache, IOptionsMonitor<RateLimitOptions> options, IMeterFactory meters, TimeProvider time)
{
    // INCR and EXPIRE in one script: a key without expiry would stay forever.
    private const string Script = "local n = redis.call('INCR', KEYS[1]) if n == 1 then redis.call('EXPIRE', KEYS[1], 120) end return n";

    private readonly Counter<long> _refused = meters
        .Create("Platform.Gateway")
        .CreateCounter<long>("platform.requests.refused", "{request}", "Requests over the rate limit.");

    /// <summary>Null, or the seconds until the next window when the user is over the limit.</summary>
    public async Task<int?> CheckAsync(string tenantId, string userId, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var key = string.Create(CultureInfo.InvariantCulture, $"gateway:rate:{tenantId}:{userId}:{now.ToUnixTimeSeconds() / 60}");
        var count = await cache.TryAsync(async redis => (long)await redis.ScriptEvaluateAsync(Script, [key]), 0L, cancellationToken);
        if (count <= options.CurrentValue.PermitsPerMinute)
        {
            return null;
        }

        _refused.Add(1);
        return 60 - now.Second;
    }
}

internal static class RateLimitMiddleware
{
    public static void UseRateLimit(this WebApplication app)
    {
        var limit = app.Services.GetRequiredService<RateLimit>();
        app.Use(
            async (context, next) =>
            {
                if (
                    context.User.Identity is { IsAuthenticated: true }
                    && await limit.CheckAsync(context.User.TenantId(), context.User.UserId(), context.RequestAborted) is { } seconds
                )
                {
                    context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
                    await TypedResults
                        .Problem("Too many requests.", statusCode: StatusCodes.Status429TooManyRequests)
                        .ExecuteAsync(context);
                    return;
                }

                await next(context);
            }
        );
    }
}
