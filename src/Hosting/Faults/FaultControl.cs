using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Platform.Faults;

/// <summary>A fault as the control channel lists it. WhyNot is null when it can be injected now.</summary>
public sealed record FaultListing(
    string Resource,
    string Name,
    string Title,
    string UsersFeel,
    string Telemetry,
    Strength? Strength,
    IReadOnlyList<string> Scopes,
    string? WhyNot
);

/// <summary>What is or was on, without the steps that undo it: they may hold keys. EndedAt is null while it is on.</summary>
public sealed record FaultState(
    string Id,
    string Resource,
    string Name,
    string Title,
    string Scope,
    double? Strength,
    DateTimeOffset StartedAt,
    DateTimeOffset EndsAt,
    DateTimeOffset? EndedAt,
    bool ByHand
);

/// <summary>
/// The one way to faults: commands of resources, tests and whoever referees are its clients. On loopback, behind a key of this run.
/// </summary>
internal sealed class FaultControl(FaultRunner runner) : IHostedLifecycleService, IAsyncDisposable
{
    public const string KeyHeader = "X-Faults-Key";

    private const int MaxBodyBytes = 4 << 10;

    private WebApplication? _app;

    public string Key { get; } = RandomNumberGenerator.GetHexString(64, lowercase: true);

    public Uri Address => new(_app?.Urls.Single() ?? throw new InvalidOperationException("The control channel has not started."));

    /// <summary>Before the first resource starts, as an <see cref="EarlyService"/>.</summary>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddProblemDetails();
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = false);
        builder.Services.Configure<JsonOptions>(json =>
            json.SerializerOptions.UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow
        );
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = MaxBodyBytes);
        _app = builder.Build();
        _app.UseStatusCodePages();
        _app.Use(RequireKeyAsync);
        _app.MapGet("/faults", () => runner.Faults.Select(List));
        _app.MapGet("/faults/state", () => StatesOf(runner));
        _app.MapPost(
            "/faults/{resource}/{name}",
            (string resource, string name, FaultRequest request, CancellationToken cancelled) =>
                AnswerAsync(async () =>
                {
                    await runner.InjectAsync(resource, name, request, cancelled);
                })
        );
        _app.MapDelete("/faults/state/{id}", (string id, CancellationToken cancelled) => AnswerAsync(() => runner.EndAsync(id, cancelled)));
        _app.MapDelete(
            "/faults/state",
            (string? resource, CancellationToken cancelled) => AnswerAsync(() => runner.EndAllAsync(resource, cancelled))
        );
        await _app.StartAsync(cancellationToken);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => _app?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }

    /// <summary>What is on, and what was on in this run.</summary>
    public static IReadOnlyList<FaultState> StatesOf(FaultRunner runner) =>
        [.. runner.Ended.Select(ended => Show(ended.Fault, ended.At)), .. runner.InjectedNow.Select(fault => Show(fault, null))];

    private static FaultState Show(InjectedFault fault, DateTimeOffset? endedAt) =>
        new(
            fault.Id,
            fault.Resource,
            fault.Name,
            fault.Title,
            fault.Scope,
            fault.Strength,
            fault.StartedAt,
            fault.EndsAt,
            endedAt,
            fault.ByHand
        );

    private FaultListing List(Fault fault) =>
        new(
            fault.Resource,
            fault.Name,
            fault.Text.Title,
            fault.Text.UsersFeel,
            fault.Text.Telemetry,
            fault.Strength,
            fault.Scopes,
            runner.WhyNot(fault)
        );

    // Before routing: nobody learns which routes there are.
    private Task RequireKeyAsync(HttpContext context, RequestDelegate next)
    {
        var given = SHA256.HashData(Encoding.UTF8.GetBytes(context.Request.Headers[KeyHeader].ToString()));
        if (CryptographicOperations.FixedTimeEquals(given, SHA256.HashData(Encoding.UTF8.GetBytes(Key))))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return Task.CompletedTask;
    }

    private static async Task<IResult> AnswerAsync(Func<Task> act)
    {
        try
        {
            await act();
            return TypedResults.NoContent();
        }
        catch (FaultException exception)
        {
            return TypedResults.Problem(exception.Message, statusCode: StatusCodes.Status409Conflict, title: "Refused");
        }
    }
}
