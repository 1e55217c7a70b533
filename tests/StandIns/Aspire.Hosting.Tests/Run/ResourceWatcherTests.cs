using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Run;
using Aspire.Hosting.Tests.Support;

namespace Aspire.Hosting.Tests.Run;

public sealed class ResourceWatcherTests
{
    private static readonly ServerResource Resource = new("server");

    private readonly ResourceWatcher _watcher = new([]);

    [Fact]
    public async Task Read_EventsSinceTheLastRead_ComeOnceAndInOrder()
    {
        Add("a", "Starting");
        Add("b", "Starting");
        Add("a", "Running");
        Assert.Equal(["a Starting", "b Starting", "a Running"], await ReadAsync());

        Add("b", "Running");
        Assert.Equal(["b Running"], await ReadAsync());
    }

    [Fact]
    public async Task Read_NothingHappened_WaitsForTheNextEvent()
    {
        var read = ReadAsync();
        Assert.False(read.IsCompleted);

        Add("a", "Running");

        Assert.Equal(["a Running"], await read);
    }

    [Fact]
    public async Task Read_Canceled_LosesNothing()
    {
        using var cancel = new CancellationTokenSource();
        var read = _watcher.ReadAsync(cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);

        Add("a", "Running");

        Assert.Equal(["a Running"], await ReadAsync());
    }

    [Fact]
    public async Task Add_MoreThanItHolds_KeepsTheNewestOfEachInstance()
    {
        Add("quiet", "Starting");
        Add("quiet", "Running");
        for (var i = 0; i < 10_000; i++)
        {
            Add("busy", $"{i}");
        }

        var events = await ReadAsync();

        Assert.InRange(events.Count, 2, 1_000);
        Assert.Equal(("quiet Running", "busy 9999"), (events[0], events[^1]));
    }

    private void Add(string id, string state) => _watcher.Add(new ResourceEvent(Resource, id, new CustomResourceSnapshot { ResourceType = "Test", Properties = [], State = state }));

    private async Task<List<string>> ReadAsync() => [.. (await _watcher.ReadAsync(Limit.Token)).Select(e => $"{e.ResourceId} {e.Snapshot.State?.Text}")];
}
