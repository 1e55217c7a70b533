using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Platform.Sentry.AspNetCore.Tests.Support;
using Sentry;
using Sentry.Extensibility;
using Xunit;

namespace Platform.Sentry.AspNetCore.Tests;

public sealed class MiddlewareTests
{
    [Fact]
    public async Task Request_ExceptionIsNotHandled_IsReportedOnceAndStillFails()
    {
        await using var receiver = await EnvelopeReceiver.StartAsync();
        await using var app = await TestApp.StartAsync(receiver.Dsn, app => app.MapPost("/orders/{id}", Fail));

        var response = await app.Client.PostAsync("/orders/7?q=1", null, TestContext.Current.CancellationToken);
        await app.StopAsync();

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        var envelope = Assert.Single(receiver.Envelopes);
        Assert.Equal("/api/42/envelope/", envelope.Path);
        Assert.Equal("gzip", envelope.RequestHeaders["Content-Encoding"]);
        Assert.Equal("application/x-sentry-envelope", envelope.RequestHeaders["Content-Type"]);
        Assert.True(envelope.RequestHeaders.ContainsKey("Content-Length"));
        Assert.Equal(
            "Sentry sentry_version=7,sentry_client=sentry.dotnet.aspnetcore/6.9.0,sentry_key=publickey", envelope.RequestHeaders["X-Sentry-Auth"]);
        var evt = Assert.Single(envelope.OfType("event"));
        Assert.Equal(envelope.Header.GetProperty("event_id").GetString(), evt.GetProperty("event_id").GetString());
        Assert.Equal("sentry.dotnet.aspnetcore", evt.GetProperty("sdk").GetProperty("name").GetString());
        Assert.Equal("csharp", evt.GetProperty("platform").GetString());
        Assert.Equal("error", evt.GetProperty("level").GetString());
        Assert.Equal("production", evt.GetProperty("environment").GetString());
        Assert.Equal("2026.11.21-9f4a21c", evt.GetProperty("release").GetString());
        Assert.Equal("POST /orders/{id}", evt.GetProperty("transaction").GetString());
        Assert.Equal("POST", evt.GetProperty("request").GetProperty("method").GetString());
        Assert.EndsWith("/orders/7", evt.GetProperty("request").GetProperty("url").GetString(), StringComparison.Ordinal);
        var exception = Assert.Single(evt.GetProperty("exception").GetProperty("values").EnumerateArray());
        Assert.Equal("System.InvalidOperationException", exception.GetProperty("type").GetString());
        Assert.Equal("SentryMiddleware.UnhandledException", exception.GetProperty("mechanism").GetProperty("type").GetString());
        Assert.False(exception.GetProperty("mechanism").GetProperty("handled").GetBoolean());
    }

    [Fact]
    public async Task Request_ExceptionHandlerSwallows_IsReportedWithItsRoute()
    {
        await using var receiver = await EnvelopeReceiver.StartAsync();
        await using var app = await TestApp.StartAsync(receiver.Dsn, app =>
        {
            app.UseExceptionHandler(handler => handler.Run(context => context.Response.WriteAsync("sorry")));
            app.MapPost("/orders", Fail);
        });

        await app.Client.PostAsync("/orders", null, TestContext.Current.CancellationToken);
        await app.StopAsync();

        var evt = Assert.Single(receiver.Events);
        Assert.Equal("POST /orders", evt.GetProperty("transaction").GetString());
        Assert.EndsWith("/orders", evt.GetProperty("request").GetProperty("url").GetString(), StringComparison.Ordinal);
        var mechanism = evt.GetProperty("exception").GetProperty("values")[0].GetProperty("mechanism");
        Assert.Equal("IExceptionHandlerFeature", mechanism.GetProperty("type").GetString());
        Assert.False(mechanism.GetProperty("handled").GetBoolean());
    }

    [Fact]
    public async Task Request_DeveloperPageSwallows_IsReportedFromItsLogLine()
    {
        await using var receiver = await EnvelopeReceiver.StartAsync();
        await using var app = await TestApp.StartAsync(receiver.Dsn, app => app.MapPost("/orders", Fail), environment: "Development");

        await app.Client.PostAsync("/orders", null, TestContext.Current.CancellationToken);
        await app.StopAsync();

        var evt = Assert.Single(receiver.Events);
        Assert.Equal("POST /orders", evt.GetProperty("transaction").GetString());
        Assert.Equal("development", evt.GetProperty("environment").GetString());
        Assert.Equal("Microsoft.AspNetCore.Diagnostics.DeveloperExceptionPageMiddleware", evt.GetProperty("logger").GetString());
    }

    [Fact]
    public async Task Request_ExceptionIsFiltered_IsNotReported()
    {
        await using var receiver = await EnvelopeReceiver.StartAsync();
        await using var app = await TestApp.StartAsync(
            receiver.Dsn,
            app =>
            {
                app.MapGet("/expected", void () => throw new TaskCanceledException("expected"));
                app.MapGet("/aggregate", void () => throw new AggregateException(new TaskCanceledException("expected")));
                app.MapGet("/unexpected", void () => throw new InvalidOperationException("unexpected"));
            },
            options => options.AddExceptionFilterForType<OperationCanceledException>());

        foreach (var path in new[] { "/expected", "/aggregate", "/unexpected" })
        {
            await app.Client.GetAsync(path, TestContext.Current.CancellationToken);
        }

        await app.StopAsync();

        Assert.Equal("unexpected", Assert.Single(receiver.Events).GetProperty("exception").GetProperty("values")[0].GetProperty("value").GetString());
    }

    [Fact]
    public async Task Request_ErrorPageIsShown_KnowsTheEventId()
    {
        await using var receiver = await EnvelopeReceiver.StartAsync();
        await using var app = await TestApp.StartAsync(receiver.Dsn, app =>
        {
            app.UseExceptionHandler(handler => handler.Run(context =>
                context.Response.WriteAsync(((IHub)context.RequestServices.GetService(typeof(IHub))!).LastEventId.ToString())));
            app.MapPost("/orders", Fail);
        });

        var response = await app.Client.PostAsync("/orders", null, TestContext.Current.CancellationToken);

        var shown = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(shown, (await receiver.EventAsync()).GetProperty("event_id").GetString());
    }

    [Fact]
    public async Task Request_200AtOnce_EachEventHasOnlyItsOwnTagsAndBreadcrumbs()
    {
        await using var receiver = await EnvelopeReceiver.StartAsync();
        await using var app = await TestApp.StartAsync(
            receiver.Dsn,
            app => app.MapGet("/orders/{id}", async (string id, IHub hub) =>
            {
                hub.ConfigureScope(scope => scope.SetTag("order", id));
                hub.AddBreadcrumb($"before {id}");
                await Task.Yield();
                using (hub.PushScope())
                {
                    hub.SetTag("inner", id);
                    hub.AddBreadcrumb($"inside {id}");
                }

                await Task.Yield();
                hub.CaptureMessage($"order {id}");
            }),
            options => options.MaxQueueItems = 500);

        await Task.WhenAll(Enumerable.Range(0, 200).Select(id => app.Client.GetAsync($"/orders/{id}", TestContext.Current.CancellationToken)));
        await app.StopAsync();

        Assert.Equal(200, receiver.Events.Count);
        Assert.All(receiver.Events, evt =>
        {
            var id = evt.GetProperty("logentry").GetProperty("message").GetString()!["order ".Length..];
            Assert.Equal(id, evt.GetProperty("tags").GetProperty("order").GetString());
            Assert.False(evt.GetProperty("tags").TryGetProperty("inner", out _));
            var breadcrumbs = evt.GetProperty("breadcrumbs").EnumerateArray().Select(breadcrumb => breadcrumb.GetProperty("message").GetString()!);
            Assert.Equal([$"before {id}"], breadcrumbs.Where(message => message.StartsWith("before", StringComparison.Ordinal) || message.StartsWith("inside", StringComparison.Ordinal)));
        });
    }

    [Fact]
    public async Task Request_TaskOutlivesIt_ItsEventStillNamesTheRequest()
    {
        await using var receiver = await EnvelopeReceiver.StartAsync();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task late = Task.CompletedTask;
        await using var app = await TestApp.StartAsync(receiver.Dsn, app => app.MapGet("/orders/{id}", (IHub hub) =>
        {
            late = CaptureLaterAsync(hub);
            return "done";
        }));

        await app.Client.GetStringAsync("/orders/7", TestContext.Current.CancellationToken);
        await app.Client.GetAsync("/another", TestContext.Current.CancellationToken);
        release.SetResult();
        await late;

        var evt = await receiver.EventAsync();
        Assert.Equal("GET /orders/{id}", evt.GetProperty("transaction").GetString());
        Assert.EndsWith("/orders/7", evt.GetProperty("request").GetProperty("url").GetString(), StringComparison.Ordinal);

        async Task CaptureLaterAsync(IHub hub)
        {
            await release.Task;
            hub.CaptureMessage("late");
        }
    }

    [Fact]
    public async Task EventProcessor_RegisteredAsAService_SeesEveryEvent()
    {
        await using var receiver = await EnvelopeReceiver.StartAsync();
        await using var app = await TestApp.StartAsync(
            receiver.Dsn,
            app => app.MapPost("/orders", Fail),
            build: builder => builder.Services.AddSingleton<ISentryEventProcessor, Tagger>());

        await app.Client.PostAsync("/orders", null, TestContext.Current.CancellationToken);

        Assert.Equal("acme", (await receiver.EventAsync()).GetProperty("tags").GetProperty("tenant_id").GetString());
    }

    private sealed class Tagger(ILogger<Tagger> logger) : ISentryEventProcessor
    {
        public SentryEvent Process(SentryEvent @event)
        {
            logger.LogDebug("A processor may log.");
            @event.SetTag("tenant_id", "acme");
            return @event;
        }
    }

    private static void Fail() => throw new InvalidOperationException("The order cannot be priced.");
}
