using Microsoft.Extensions.Hosting;

namespace Platform.Infrastructure.Switches;

/// <summary>
/// Uses what a process has: processors (x-31), threads of the pool (x-32) and memory (x-33), as much as the switches say.
/// </summary>
internal sealed class ResourceUse(Switches switches) : BackgroundService
{
    // x-33 holds no more, whatever its rate.
    private const int MaxHeldMegabytes = 1024;
    private const int MaxThreads = 64;
    private const int MaxWorkItems = 2_000;

    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    // Bounded by MaxHeldMegabytes and MaxThreads.
    private readonly List<byte[]> _held = [];
    private readonly List<CancellationTokenSource> _busy = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Tick);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                KeepBusy((int)Math.Min(switches.Amount("x-31"), MaxThreads));
                Block((int)Math.Min(switches.Amount("x-32"), MaxWorkItems));
                Hold(switches.Amount("x-33"));
            }
        }
        finally
        {
            KeepBusy(0);
        }
    }

    private void KeepBusy(int threads)
    {
        while (_busy.Count < threads)
        {
            var ended = new CancellationTokenSource();
            new Thread(() =>
            {
                while (!ended.IsCancellationRequested)
                {
                    Thread.SpinWait(1_000);
                }
            })
            {
                IsBackground = true,
            }.Start();
            _busy.Add(ended);
        }

        while (_busy.Count > threads)
        {
            _busy[^1].Cancel();
            _busy.RemoveAt(_busy.Count - 1);
        }
    }

    // Sync over async: each holds a thread of the pool while it waits.
    private static void Block(int items)
    {
        for (var item = 0; item < items; item++)
        {
            ThreadPool.QueueUserWorkItem(_ => Task.Delay(Tick).Wait());
        }
    }

    // Megabytes per minute.
    private void Hold(double rate)
    {
        if (rate <= 0)
        {
            _held.Clear();
        }
        else if (_held.Sum(part => (long)part.Length) < MaxHeldMegabytes * 1024L * 1024)
        {
            var part = new byte[(int)(rate * 1024 * 1024 / 60)];
            Random.Shared.NextBytes(part);
            _held.Add(part);
        }
    }
}
