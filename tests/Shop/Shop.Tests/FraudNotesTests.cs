using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Platform.Shop.Tests.Support;
using Platform.Worker;

namespace Platform.Shop.Tests;

/// <summary>The note may fail, the order may not: whatever the company does is a note or a reason why there is none.</summary>
public sealed class FraudNotesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly Fulfilment Order = new(Guid.NewGuid(), 1299, "EUR", 2, "visa", "4242", 1, 0, Guid.NewGuid(), null, null, null);

    [Fact]
    public async Task Write_OfAGoodAnswer_IsTheNote() => Assert.Equal(("Looks fine.", null), await WriteAsync(Answer("Looks fine.")));

    [Theory]
    [InlineData("not JSON")]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"choices":[]}""")]
    [InlineData("""{"choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"bored"}]}""")]
    [InlineData("""{"choices":[{"index":0,"message":{"role":"nobody","content":"x"},"finish_reason":"stop"}]}""")]
    [InlineData("""{"choices":[{"index":0,"message":{"role":"assistant","content":null},"finish_reason":"stop"}]}""")]
    [InlineData("""{"choices":[{"index":0,"message":{"role":"assistant","content":"\ud800"},"finish_reason":"stop"}]}""")]
    [InlineData("""{"choices":"many"}""")]
    public async Task Write_OfAnUnreadableAnswer_IsAReason(string body)
    {
        var (note, failure) = await WriteAsync(context => context.Response.WriteAsync(body, context.RequestAborted));

        Assert.Null(note);
        Assert.False(string.IsNullOrEmpty(failure));
    }

    /// <summary>What the database would refuse, or what nobody could read.</summary>
    [Theory]
    [InlineData("a\0b")]
    [InlineData("  ")]
    [InlineData(null)]
    public async Task Write_OfAnUnusableNote_IsAReason(string? text)
    {
        var (note, failure) = await WriteAsync(Answer(text ?? new string('x', 2000)));

        Assert.Null(note);
        Assert.False(string.IsNullOrEmpty(failure));
    }

    [Theory]
    [InlineData(400, "status_400")]
    [InlineData(401, "status_401")]
    [InlineData(429, "status_429")]
    [InlineData(500, "status_500")]
    [InlineData(503, "status_503")]
    public async Task Write_OfARefusal_IsItsStatus(int status, string expected)
    {
        var (note, failure) = await WriteAsync(context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });

        Assert.Equal((null, expected), (note, failure));
    }

    [Fact]
    public async Task Write_OfAWrongContentType_IsAReason()
    {
        var (note, failure) = await WriteAsync(context =>
        {
            context.Response.ContentType = "text/html; charset=nonsense";
            return context.Response.WriteAsync("<html>Maintenance</html>", context.RequestAborted);
        });

        Assert.Null(note);
        Assert.False(string.IsNullOrEmpty(failure));
    }

    [Fact]
    public async Task Write_OfATruncatedBody_IsAReason()
    {
        var (note, failure) = await WriteAsync(async context =>
        {
            context.Response.ContentLength = 1000;
            await context.Response.Body.WriteAsync("""{"choices":["""u8.ToArray(), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            context.Abort();
        });

        Assert.Null(note);
        Assert.False(string.IsNullOrEmpty(failure));
    }

    [Fact]
    public async Task Write_OfABodyThatStalls_IsATimeout() =>
        Assert.Equal((null, "timeout"), await WriteAsync(FakeCompany.StallAsync, TimeSpan.FromMilliseconds(300)));

    [Fact]
    public async Task Write_WithoutConnection_IsAReason()
    {
        using var listener = FullListener.Start();

        Assert.Equal((null, nameof(HttpRequestError.ConnectionError)), await WriteAsync(listener.Address, Patience));
    }

    [Fact]
    public async Task Write_WhenTheServiceStops_IsCancelled()
    {
        await using var company = await FakeCompany.StartAsync((context, _) => FakeCompany.StallAsync(context));
        using var service = CreateService(company.Address, Patience);
        using var stop = new CancellationTokenSource();
        var writing = service.GetRequiredService<FraudNotes>().WriteAsync(Order, "", null, stop.Token);
        await Eventually.TrueAsync(() => !company.Requests.IsEmpty, "the company has the call");

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing.WaitAsync(Patience, TestContext.Current.CancellationToken));
    }

    private static Func<HttpContext, Task> Answer(string text) =>
        context =>
        {
            context.Response.ContentType = "application/json";
            return context
                .Response.Body.WriteAsync(
                    Encoding.UTF8.GetBytes(
                        $$"""
                        {"id":"c1","object":"chat.completion","created":1,"model":"m",
                         "choices":[{"index":0,"message":{"role":"assistant","content":{{JsonSerializer.Serialize(
                            text
                        )}}},"finish_reason":"stop"}]}
                        """
                    ),
                    context.RequestAborted
                )
                .AsTask();
        };

    private static async Task<(string? Note, string? Failure)> WriteAsync(Func<HttpContext, Task> answer, TimeSpan? timeout = null)
    {
        await using var company = await FakeCompany.StartAsync((context, _) => answer(context));
        return await WriteAsync(company.Address, timeout ?? Patience);
    }

    private static async Task<(string? Note, string? Failure)> WriteAsync(Uri address, TimeSpan timeout)
    {
        using var service = CreateService(address, timeout);
        var token = TestContext.Current.CancellationToken;
        return await service.GetRequiredService<FraudNotes>().WriteAsync(Order, "", null, token).WaitAsync(Patience, token);
    }

    private static ServiceProvider CreateService(Uri address, TimeSpan timeout) =>
        (ServiceProvider)
            FakeCompany
                .CreateService<FraudNotes>(
                    address,
                    timeout,
                    services => services.Configure<WorkerOptions>(options => options.LlmApiKey = "key")
                )
                .Services;
}
