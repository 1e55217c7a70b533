using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Platform.Infrastructure.Outside;
using Platform.Infrastructure.Switches;

namespace Platform.Shop.Tests.Support;

internal sealed record CompanyRequest(string Method, string Path, string? Key, string Body);

/// <summary>Another company on a free port, which answers what the test says.</summary>
internal sealed class FakeCompany : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeCompany(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.Single());

    public ConcurrentQueue<CompanyRequest> Requests { get; } = new();

    /// <summary>Nothing but headers, until the caller goes.</summary>
    public static async Task StallAsync(HttpContext context)
    {
        await context.Response.StartAsync(context.RequestAborted);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        await Task.Delay(Timeout.Infinite, context.RequestAborted);
    }

    public static async Task<FakeCompany> StartAsync(Func<HttpContext, CompanyRequest, Task> answer)
    {
        var builder = LoopbackApp.CreateBuilder();

        // Requests that never end are not waited for.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
        var company = new FakeCompany(builder.Build());
        company._app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var request = new CompanyRequest(
                context.Request.Method,
                context.Request.Path,
                context.Request.Headers["Idempotency-Key"],
                await reader.ReadToEndAsync(context.RequestAborted)
            );
            company.Requests.Enqueue(request);
            try
            {
                await answer(context, request);
            }
            catch (OperationCanceledException)
            {
                // The caller went, which is what a test of time limits waits for.
            }
        });
        await company._app.StartAsync(TestContext.Current.CancellationToken);
        return company;
    }

    /// <summary>A service with that typed client, as the shop's services register it.</summary>
    public static IHost CreateService<TClient>(Uri address, TimeSpan timeout, Action<IServiceCollection>? configure = null)
        where TClient : class
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration["services:company:http:0"] = address.ToString();
        builder.Services.AddLogging(logging => logging.ClearProviders());
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(http => http.AddServiceDiscovery());
        builder.Services.AddSingleton(Switches.Off);
        builder.AddOutsideClient<TClient>("company", timeout);
        configure?.Invoke(builder.Services);
        return builder.Build();
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
