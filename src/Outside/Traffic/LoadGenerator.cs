using Microsoft.Extensions.Options;

namespace Platform.Traffic;

/// <summary>Sends shoppers into the shop at a constant rate, once the shop is up.</summary>
internal sealed partial class LoadGenerator(
    Shop shop,
    Visit visit,
    LoadRate rate,
    LoadCounters counters,
    IOptions<TrafficOptions> options,
    TimeProvider time,
    ILogger<LoadGenerator> logger
) : BackgroundService
{
    public const int MaxInFlight = 200;

    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _places = new(MaxInFlight);
    private readonly Shoppers _shoppers = new(options.Value.Seed, options.Value.DeclineShare);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await WaitForShopAsync(stoppingToken);
            await SendShoppersAsync(stoppingToken);
        }
        finally
        {
            // Waits for all visits. Each ends at once, because its token is cancelled.
            for (var i = 0; i < MaxInFlight; i++)
            {
                await _places.WaitAsync(CancellationToken.None);
            }
        }
    }

    public override void Dispose()
    {
        _places.Dispose();
        base.Dispose();
    }

    private async Task WaitForShopAsync(CancellationToken cancellationToken)
    {
        var said = false;
        while (!await shop.IsUpAsync(cancellationToken))
        {
            if (!said)
            {
                LogWaiting(shop.Address);
                said = true;
            }

            await Task.Delay(ProbeInterval, time, cancellationToken);
        }

        LogStarted(shop.Address, rate.Current.Rate.Total, options.Value.Seed);
    }

    private async Task SendShoppersAsync(CancellationToken cancellationToken)
    {
        var schedule = new ArrivalSchedule();
        var started = time.GetTimestamp();
        while (true)
        {
            var (current, changed) = rate.Current;
            schedule.SetRate(current.Total, time.GetElapsedTime(started));
            for (var due = schedule.TakeDue(time.GetElapsedTime(started)); due > 0; due--)
            {
                Arrive(_shoppers.Next(current.Surge), cancellationToken);
            }

            var wait = schedule.UntilNext(time.GetElapsedTime(started));
            await changed.WaitAsync(wait, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private void Arrive(Shopper shopper, CancellationToken cancellationToken)
    {
        if (_places.Wait(0, CancellationToken.None))
        {
            counters.VisitStarted();
            _ = RunAsync(shopper, cancellationToken);
        }
        else
        {
            counters.Shed();
        }
    }

    private async Task RunAsync(Shopper shopper, CancellationToken cancellationToken)
    {
        try
        {
            await visit.RunAsync(shopper, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Shutdown ends the visit.
        }
#pragma warning disable CA1031 // Nobody awaits a visit: count and log what would be lost otherwise.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            counters.Failed(exception.Message);
            LogVisitBroke(exception);
        }
        finally
        {
            counters.VisitEnded();
            _places.Release();
        }
    }

    [LoggerMessage(EventId = 5301, Level = LogLevel.Information, Message = "Waiting for the gateway at {Gateway}.")]
    private partial void LogWaiting(Uri gateway);

    [LoggerMessage(
        EventId = 5302,
        Level = LogLevel.Information,
        Message = "Shopping at {Gateway}: {OrdersPerSecond} orders a second, seed {Seed}."
    )]
    private partial void LogStarted(Uri gateway, double ordersPerSecond, int seed);

    [LoggerMessage(EventId = 5303, Level = LogLevel.Error, Message = "A visit broke.")]
    private partial void LogVisitBroke(Exception exception);
}
