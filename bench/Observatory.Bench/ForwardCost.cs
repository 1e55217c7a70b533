using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Platform.Bench;

namespace Platform.Observatory.Bench;

/// <summary>
/// The cost of forwarding: the same batches to three alternating processes, one without a destination, one with a destination that responds
/// at once, one with a destination that never does. No history, so that nothing else is done with the batches.
/// </summary>
internal sealed class ForwardCost(Report report, int senders)
{
    private const int Rounds = 6;
    private const int TurnBatches = 150;
    private const int MaxSpans = 50_000;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var fast = await SinkAsync(Task.CompletedTask, cancellationToken);
        await using var hanging = await SinkAsync(new TaskCompletionSource().Task, cancellationToken);
        await using var none = await Child.StartAsync("", MaxSpans, cancellationToken);
        await using var toFast = await Child.StartAsync("", MaxSpans, cancellationToken, To(fast));
        await using var toHanging = await Child.StartAsync("", MaxSpans, cancellationToken, To(hanging));
        Child[] children = [none, toFast, toHanging];
        var batches = new SpanBatches();
        var results = new SendResult[children.Length];

        // The first turn is JIT warm-up.
        for (var round = 0; round <= Rounds; round++)
        {
            for (var index = 0; index < children.Length; index++)
            {
                var sender = new Sender(children[index], batches, senders);
                var sent = await sender.SendAsync(grpc: true, round * TurnBatches, TurnBatches, cancellationToken);
                results[index] = round <= 1 ? sent : results[index] + sent;
            }
        }

        report.Add("taken, nothing sent on", Text(results[0]));
        report.Add("taken, sent on", Text(results[1]), Against(results[1], results[0]));
        report.Add("taken, destination hangs", Text(results[2]), Against(results[2], results[0]));
    }

    private static string Text(SendResult sent) => $"{sent.PerSecond:N0} spans/s, {sent.MicrosecondsPerSpan:F1} us cpu";

    private static string Against(SendResult sent, SendResult none) =>
        $"{sent.PerSecond / none.PerSecond:F2} of the rate, "
        + $"{sent.MicrosecondsPerSpan / none.MicrosecondsPerSpan:F2} times the processor time";

    private static string[] To(WebApplication sink) =>
        [$"Forward:sink:Endpoint={sink.Urls.Single()}", "Forward:sink:Protocol=http/protobuf", "Forward:sink:Compression=none"];

    private static async Task<WebApplication> SinkAsync(Task answer, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
                kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1)
            );
        var app = builder.Build();
        app.Run(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
            await answer.WaitAsync(context.RequestAborted);
        });
        await app.StartAsync(cancellationToken);
        return app;
    }
}
