using Microsoft.Extensions.DependencyInjection;
using Platform.Infrastructure.Outside;
using Platform.Shop.Tests.Support;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Platform.Shop.Tests;

/// <summary>What a client of another company can count on, whatever the company does.</summary>
public sealed class OutsideClientTests
{
    /// <summary>Calls after which the breaker judges.</summary>
    private const int Enough = 10;

    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(300);

    /// <summary>What hangs without a limit shall fail the test, not hold it up.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(HttpCompletionOption.ResponseContentRead)]
    [InlineData(HttpCompletionOption.ResponseHeadersRead)]
    public async Task Call_WhoseBodyStalls_EndsInTimeAndOpensTheBreaker(HttpCompletionOption completion)
    {
        await using var company = await FakeCompany.StartAsync((context, _) => FakeCompany.StallAsync(context));
        using var service = FakeCompany.CreateService<Probe>(company.Address, Timeout);
        var probe = service.Services.GetRequiredService<Probe>();

        var failures = await Task.WhenAll(Enumerable.Range(0, Enough).Select(_ => FailureOfAsync(probe.ReadAsync(completion))));

        Assert.All(failures, failure => Assert.IsType<TimeoutRejectedException>(failure));
        await MustBreakAsync(() => probe.ReadAsync(completion));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Call_WithAnAnswerThatIsTooLong_Fails(bool saysItsLength)
    {
        await using var company = await FakeCompany.StartAsync(
            async (context, _) =>
            {
                context.Response.ContentLength = saysItsLength ? OutsideClientExtensions.MaxAnswerBytes + 1 : null;
                await context.Response.Body.WriteAsync(new byte[OutsideClientExtensions.MaxAnswerBytes + 1], context.RequestAborted);
            }
        );
        using var service = FakeCompany.CreateService<Probe>(company.Address, Patience);

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() =>
            service.Services.GetRequiredService<Probe>().ReadAsync(HttpCompletionOption.ResponseHeadersRead)
        );

        Assert.Equal(HttpRequestError.ConfigurationLimitExceeded, failure.HttpRequestError);
    }

    [Fact]
    public async Task Call_WithTheLongestAnswer_IsRead()
    {
        await using var company = await FakeCompany.StartAsync(
            (context, _) =>
                context.Response.Body.WriteAsync(new byte[OutsideClientExtensions.MaxAnswerBytes], context.RequestAborted).AsTask()
        );
        using var service = FakeCompany.CreateService<Probe>(company.Address, Patience);

        Assert.Equal(
            OutsideClientExtensions.MaxAnswerBytes,
            await service.Services.GetRequiredService<Probe>().ReadAsync(HttpCompletionOption.ResponseHeadersRead)
        );
    }

    [Fact]
    public async Task Call_ThatGetsNoConnectionInTime_IsAConnectionErrorAndOpensTheBreaker()
    {
        using var listener = FullListener.Start();
        using var service = FakeCompany.CreateService<Probe>(listener.Address, Patience);
        var probe = service.Services.GetRequiredService<Probe>();

        var failures = await Task.WhenAll(
            Enumerable.Range(0, Enough).Select(_ => FailureOfAsync(probe.ReadAsync(HttpCompletionOption.ResponseContentRead)))
        );

        Assert.All(
            failures,
            failure => Assert.Equal(HttpRequestError.ConnectionError, Assert.IsType<HttpRequestException>(failure).HttpRequestError)
        );
        await MustBreakAsync(() => probe.ReadAsync(HttpCompletionOption.ResponseContentRead));
    }

    [Fact]
    public async Task Call_ThatItsCallerGivesUp_IsCancelledAndNoFailureOfTheCompany()
    {
        await using var company = await FakeCompany.StartAsync((context, _) => FakeCompany.StallAsync(context));
        using var service = FakeCompany.CreateService<Probe>(company.Address, Patience);
        using var caller = new CancellationTokenSource();
        var call = service.Services.GetRequiredService<Probe>().ReadAsync(HttpCompletionOption.ResponseContentRead, caller.Token);
        await Eventually.TrueAsync(() => !company.Requests.IsEmpty, "the company has the call");

        await caller.CancelAsync();

        Assert.IsType<OperationCanceledException>(await FailureOfAsync(call), exactMatch: false);
    }

    // Open for two seconds at a time: a machine that stood still may find a call let through, after which it is open again.
    private static async Task MustBreakAsync(Func<Task> call)
    {
        var further = new[] { await FailureOfAsync(call()), await FailureOfAsync(call()) };
        Assert.Contains(further, failure => failure is BrokenCircuitException);
    }

    private static async Task<Exception?> FailureOfAsync(Task call) =>
        await Record.ExceptionAsync(() => call.WaitAsync(Patience, TestContext.Current.CancellationToken));

    private sealed class Probe(HttpClient http)
    {
        public async Task<int> ReadAsync(HttpCompletionOption completion, CancellationToken? cancellationToken = null)
        {
            var token = cancellationToken ?? TestContext.Current.CancellationToken;
            using var request = new HttpRequestMessage(HttpMethod.Get, "/");
            using var response = await http.SendAsync(request, completion, token);
            await using var body = await response.Content.ReadAsStreamAsync(token);
            using var copy = new MemoryStream();
            await body.CopyToAsync(copy, token);
            return (int)copy.Length;
        }
    }
}
