using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Platform.OutsideCompany;

/// <summary>The pipeline of every /v1 request: recorder, key check, behaviour.</summary>
public static class CompanyPipeline
{
    public static IServiceCollection AddOutsideCompany(this IServiceCollection services, Func<IServiceProvider, CompanyProfile> profile)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(profile);
        services.AddSingleton<BehaviourSwitch>();
        services.AddSingleton<RequestRecorder>();
        services.AddSingleton<UnansweredRequest>();
        services.AddProblemDetails();

        // Less than the 6 s after which an orchestrator usually kills.
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(4));
        return services;
    }

    public static void UseOutsideCompany(this WebApplication app)
    {
        app.UseWhen(
            context => context.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal),
            v1 =>
            {
                v1.Use(RecordAsync);
                v1.UseExceptionHandler(handler => handler.Run(AnswerExceptionAsync));
                v1.Use(RequireApiKeyAsync);
                v1.Use(BehaveAsync);
            }
        );
        app.MapAdmin();
        app.MapGet("/health", () => TypedResults.Text("Healthy"));
    }

    private static async Task RecordAsync(HttpContext context, RequestDelegate next)
    {
        var record = context.RequestServices.GetRequiredService<RequestRecorder>().Begin(context);
        await next(context);
        var unanswered = context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted;
        record.Status = unanswered ? null : context.Response.StatusCode;
    }

    private static Task AnswerExceptionAsync(HttpContext context) =>
        context.Features.GetRequiredFeature<IExceptionHandlerFeature>().Error is BadHttpRequestException { StatusCode: var status }
            ? Company(context).WriteErrorAsync(context, status, "The request cannot be read.")
            : Company(context).WriteErrorAsync(context, StatusCodes.Status500InternalServerError, "Something went wrong on our side.");

    private static Task RequireApiKeyAsync(HttpContext context, RequestDelegate next)
    {
        var company = Company(context);
        if (!SecretKey.IsBearer(context.Request.Headers.Authorization, company.ApiKey))
        {
            return company.WriteErrorAsync(context, StatusCodes.Status401Unauthorized, "The API key is missing or wrong.");
        }

        switch (context.RequestServices.GetRequiredService<BehaviourSwitch>().Current.Key)
        {
            case KeyState.Revoked:
                return company.WriteErrorAsync(context, StatusCodes.Status401Unauthorized, "The API key was revoked. Use the new one.");
            case KeyState.Expired:
                // RFC 6750, section 3.
                context.Response.Headers.WWWAuthenticate = "Bearer error=\"invalid_token\", error_description=\"The token expired\"";
                return company.WriteErrorAsync(context, StatusCodes.Status401Unauthorized, "The token expired.");
            default:
                return next(context);
        }
    }

    private static async Task BehaveAsync(HttpContext context, RequestDelegate next)
    {
        var company = Company(context);
        var behaviour = context.RequestServices.GetRequiredService<BehaviourSwitch>();
        if (!behaviour.TryAdmit())
        {
            context.Response.Headers.RetryAfter = behaviour.Current.RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
            await company.WriteErrorAsync(context, StatusCodes.Status429TooManyRequests, "Too many requests; slow down.");
            return;
        }

        // Read to the end first: as at a real company, work continues after the caller disconnects. In memory only, because the body may
        // hold a card number.
        context.Request.EnableBuffering(company.MaxBodyBytes, company.MaxBodyBytes);
        await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        context.Request.Body.Position = 0;

        if (behaviour.NextLatency() is { Ticks: > 0 } latency && !await WaitAsync(context, latency))
        {
            context.Abort();
            return;
        }

        if (BehaviourSwitch.Happens(behaviour.Current.ErrorRate))
        {
            await company.WriteErrorAsync(context, behaviour.Current.ErrorStatus, "The service is having trouble.");
            return;
        }

        var stalls = BehaviourSwitch.Happens(behaviour.Current.StallRate);
        if (stalls || BehaviourSwitch.Happens(behaviour.Current.GarbageRate))
        {
            await AnswerHalfAsync(context, next, stalls);
        }
        else
        {
            await next(context);
        }
    }

    /// <summary>Does the work and sends half of the answer: the rest never comes, or the answer ends there.</summary>
    private static async Task AnswerHalfAsync(HttpContext context, RequestDelegate next, bool stalls)
    {
        var body = context.Response.Body;
        using var whole = new MemoryStream();
        context.Response.Body = whole;
        try
        {
            await next(context);
        }
        finally
        {
            context.Response.Body = body;
        }

        var half = (int)(whole.Length / 2);
        context.Response.ContentLength = stalls ? whole.Length : half;
        await body.WriteAsync(whole.GetBuffer().AsMemory(0, half), context.RequestAborted);
        await body.FlushAsync(context.RequestAborted);
        if (stalls)
        {
            await context.RequestServices.GetRequiredService<UnansweredRequest>().HoldAsync(context);
        }
    }

    /// <summary>False during shutdown: the request is dropped before any work.</summary>
    private static async Task<bool> WaitAsync(HttpContext context, TimeSpan latency)
    {
        var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        var time = context.RequestServices.GetRequiredService<TimeProvider>();
        await Task.Delay(latency, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !stopping.IsCancellationRequested;
    }

    private static CompanyProfile Company(HttpContext context) => context.RequestServices.GetRequiredService<CompanyProfile>();
}
