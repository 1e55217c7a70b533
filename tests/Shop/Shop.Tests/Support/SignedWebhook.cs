using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Platform.Infrastructure.Switches;
using Platform.Payments;

namespace Platform.Shop.Tests.Support;

/// <summary>The acquirer's event that a charge was captured, signed as it signs, given to payments.</summary>
internal static class SignedWebhook
{
    private const string Secret = "a secret of more than sixteen characters";

    /// <summary>What was confirmed: agrees, declined or unknown; null when the event does not count.</summary>
    public static async Task<string?> ReceiveAsync(
        NpgsqlDataSource database,
        PaymentSignal signal,
        TimeProvider time,
        string eventId,
        Guid key
    )
    {
        var body = $$"""{"id":"{{eventId}}","type":"charge.captured","data":{"idempotencyKey":"{{key}}"} }""";
        var seconds = time.GetUtcNow().ToUnixTimeSeconds();
        var signature = Convert.ToHexStringLower(
            HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes($"{seconds}.{body}"))
        );
        var request = new DefaultHttpContext().Request;
        request.Headers["Acquirer-Signature"] = $"t={seconds},v1={signature}";
        request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));

        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var measurements = new Measurements(services.GetRequiredService<IMeterFactory>());
        var result = await AcquirerWebhook.HandleAsync(
            request,
            database,
            signal,
            new PaymentsMetrics(services.GetRequiredService<IMeterFactory>()),
            Switches.Off,
            Options.Create(new PaymentsOptions { AcquirerWebhookSecret = Secret }),
            time,
            NullLogger<AcquirerEvent>.Instance,
            TestContext.Current.CancellationToken
        );

        Assert.IsType<Microsoft.AspNetCore.Http.HttpResults.Ok>(result.Result);
        return new[] { "agrees", "declined", "unknown" }.SingleOrDefault(outcome =>
            measurements.Sum("platform.payments.confirmed", outcome) == 1
        );
    }
}
