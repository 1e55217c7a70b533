using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Platform.Contracts;
using Platform.Infrastructure.Jobs;
using Platform.Messaging;
using Platform.Payments;

namespace Platform.Shop.Tests.Support;

/// <summary>Payments without broker and web server: its due work over a real database, and an acquirer that a test answers for.</summary>
internal sealed class PaymentsService : IAsyncDisposable
{
    /// <summary>Of calls and of a stop, where a test is not about the limit: never in the way of a busy machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly (string Public, string Private) Keys = CreateKeys();

    private readonly IHost _host;

    private PaymentsService(IHost host, Lines lines)
    {
        _host = host;
        Lines = lines;
        Measurements = new Measurements(host.Services.GetRequiredService<IMeterFactory>());
    }

    public Lines Lines { get; }

    public Measurements Measurements { get; }

    public PaymentStore Store => _host.Services.GetRequiredService<PaymentStore>();

    public PaymentSignal Signal => _host.Services.GetRequiredService<PaymentSignal>();

    public IParkedWork Parked => _host.Services.GetRequiredService<IParkedWork>();

    public static PaymentsService Create(
        Database database,
        Uri acquirer,
        TimeProvider? time = null,
        Action<PaymentsOptions>? configure = null,
        TimeSpan? callLimit = null,
        TimeSpan? shutdownLimit = null
    )
    {
        var lines = new Lines();
        var host = FakeCompany.CreateService<AcquirerClient>(
            acquirer,
            callLimit ?? Patience,
            services =>
            {
                services.AddLogging(logging => logging.AddProvider(lines));
                services.AddMetrics();
                services.Configure<HostOptions>(options => options.ShutdownTimeout = shutdownLimit ?? Patience);
                services.Configure<PaymentsOptions>(options =>
                {
                    options.AcquirerApiKey = "key";
                    options.CardPrivateKey = Keys.Private;
                    options.Backoff = TimeSpan.FromMilliseconds(10);
                    options.MaxBackoff = TimeSpan.FromMilliseconds(100);
                    configure?.Invoke(options);
                });
                services.AddSingleton(time ?? TimeProvider.System);

                // As instances: the test's database is not disposed of with the service.
                services.AddSingleton(database.Source);
                services.AddSingleton(database.Schema);
                services.AddSingleton(ShopTopology.Instance);
                services.AddSingleton<Outbox>();
                services.AddWakeSignal<OutboxSignal>();
                services.AddWakeSignal<PaymentSignal>();
                services.AddSingleton<PaymentsMetrics>();
                services.AddSingleton<PaymentStore>();
                services.AddDueWork<ChargeDuePayments>();
            }
        );
        return new PaymentsService(host, lines);
    }

    public static async Task<PaymentsService> StartAsync(
        Database database,
        Uri acquirer,
        TimeProvider? time = null,
        Action<PaymentsOptions>? configure = null,
        TimeSpan? callLimit = null,
        TimeSpan? shutdownLimit = null
    )
    {
        var service = Create(database, acquirer, time, configure, callLimit, shutdownLimit);
        await service._host.StartAsync(TestContext.Current.CancellationToken);
        return service;
    }

    /// <summary>An order with a card that payments can read.</summary>
    public static OrderPlaced Order(TimeSpan payWithin, long amountMinor)
    {
        var id = Guid.NewGuid();
        return new OrderPlaced(
            id,
            amountMinor,
            "EUR",
            DateTimeOffset.UtcNow + payWithin,
            SealedCard.Seal(new Card("4242424242424242", "12/40", "123"), id, Keys.Public)
        );
    }

    /// <summary>A payment that is due now.</summary>
    public static async Task<Guid> AddDueAsync(
        NpgsqlDataSource database,
        TimeSpan payWithin,
        bool maybeCharged = false,
        bool readable = true
    )
    {
        var (id, order) = (Guid.NewGuid(), Guid.NewGuid());
        var card = readable ? SealedCard.Seal(new Card("4242424242424242", "12/40", "123"), order, Keys.Public).Value : "AAAA";
        await using var connection = await database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await connection.ExecuteAsync(
            """
            INSERT INTO payments (id, order_id, amount_minor, currency, pay_by, status, sealed_card, maybe_charged)
            VALUES (@id, @order, 1299, 'EUR', now() + @payWithin, 'due', @card, @maybeCharged)
            """,
            new
            {
                id,
                order,
                payWithin,
                card,
                maybeCharged,
            }
        );
        return id;
    }

    /// <summary>Waits until it has heard that it should stop: nothing more is claimed.</summary>
    public async Task ClaimedAsync() =>
        await _host.Services.GetRequiredService<ChargeDuePayments>().Claiming.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    public Task StopAsync() => _host.StopAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        Measurements.Dispose();
        await ((ServiceProvider)_host.Services).DisposeAsync();
    }

    private static (string Public, string Private) CreateKeys()
    {
        using var rsa = RSA.Create(2048);
        return (Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo()), Convert.ToBase64String(rsa.ExportPkcs8PrivateKey()));
    }
}
