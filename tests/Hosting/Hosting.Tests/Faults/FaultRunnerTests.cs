using System.Diagnostics;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Platform.Faults;
using Platform.Faults.Processes;

namespace Platform.Hosting.Tests.Faults;

/// <summary>Injecting, refusing and undoing, with faults that set a value of a file.</summary>
public sealed class FaultRunnerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("faults-").FullName;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Journal => Path.Combine(_folder, "journal");

    private JsonFile Values => new(Path.Combine(_folder, "values.json"));

    private string[] Records => Directory.Exists(Journal) ? Directory.GetFiles(Journal) : [];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Injected_IsWrittenDownBeforeAnythingChanges_ForItsOwnerAlone()
    {
        string[]? seen = null;
        var runner = Runner(
            new ValueFault("thing", "on", Values)
            {
                Before = () =>
                {
                    seen = Records;
                    Assert.Null(Values["on"]);
                },
            }
        );

        await runner.InjectAsync("thing", "on", new FaultRequest(Strength: 7), Cancellation);

        var record = Assert.Single(seen!);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(record));
        Assert.Equal("7", Values["on"]);
        await runner.EndAllAsync(null, Cancellation);
        Assert.Null(Values["on"]);
        Assert.Empty(Records);
        Assert.Equal("on", Assert.Single(runner.Ended).Fault.Name);
    }

    [Fact]
    public async Task Injection_ThatFailsHalfWay_IsUndone()
    {
        var runner = Runner(new ValueFault("thing", "on", Values) { After = () => throw new IOException("The server went away.") });

        var refusal = await Assert.ThrowsAsync<FaultException>(() => runner.InjectAsync("thing", "on", new FaultRequest(), Cancellation));

        Assert.Equal("on of thing could not be injected: The server went away.", refusal.Message);
        Assert.Null(Values["on"]);
        Assert.Empty(Records);
        Assert.Empty(runner.InjectedNow);
    }

    /// <summary>A session of a server that stands still may never close.</summary>
    [Fact]
    public async Task End_SessionThatDoesNotClose_IsUndoneByItsSteps()
    {
        var runner = Runner(new ValueFault("thing", "on", Values) { Closed = new TaskCompletionSource().Task });
        await runner.InjectAsync("thing", "on", new FaultRequest(), Cancellation);

        var ending = runner.EndAllAsync(null, Cancellation);
        _time.Advance(TimeSpan.FromMinutes(1));
        await ending.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);

        Assert.Null(Values["on"]);
        Assert.Empty(runner.InjectedNow);
    }

    [Theory]
    [InlineData("nothing", "on", null, null, null, "There is no fault on of nothing.")]
    [InlineData("thing", "off", null, null, null, "There is no fault off of thing.")]
    [InlineData("thing", "on", 0.5, null, null, "strength must be 1 to 100 (1).")]
    [InlineData("thing", "on", 101.0, null, null, "strength must be 1 to 100 (1).")]
    [InlineData("thing", "on", double.NaN, null, null, "strength must be 1 to 100 (1).")]
    [InlineData("thing", "on", null, 0.0, null, "minutes must be above 0 and at most 120.")]
    [InlineData("thing", "on", null, 121.0, null, "minutes must be above 0 and at most 120.")]
    [InlineData("thing", "on", null, double.NaN, null, "minutes must be above 0 and at most 120.")]
    [InlineData("thing", "on", null, null, "left", "scope must be one of right, wrong.")]
    public async Task Request_ThatIsWrong_IsRefusedWithASentenceAndNothingChanges(
        string resource,
        string name,
        double? strength,
        double? minutes,
        string? scope,
        string sentence
    )
    {
        var runner = Runner(new ValueFault("thing", "on", Values));

        var refusal = await Assert.ThrowsAsync<FaultException>(() =>
            runner.InjectAsync(resource, name, new FaultRequest(strength, minutes, scope), Cancellation)
        );

        Assert.Equal(sentence, refusal.Message);
        Assert.Null(Values["on"]);
        Assert.Empty(Records);
    }

    [Fact]
    public async Task Second_OfTheSameThing_IsRefusedUntilTheFirstHasEnded()
    {
        var runner = Runner(
            new ValueFault("thing", "on", Values),
            new ValueFault("thing", "other", Values),
            new ValueFault("else", "on", Values)
        );
        await runner.InjectAsync("thing", "on", new FaultRequest(Minutes: 3), Cancellation);

        var same = await Assert.ThrowsAsync<FaultException>(() => runner.InjectAsync("thing", "on", new FaultRequest(), Cancellation));
        var other = await Assert.ThrowsAsync<FaultException>(() => runner.InjectAsync("thing", "other", new FaultRequest(), Cancellation));
        await runner.InjectAsync("else", "on", new FaultRequest(), Cancellation);

        Assert.Equal("on of thing is on already, until 12:03:00 UTC.", same.Message);
        Assert.Equal("on of thing is on, and the two exclude each other: end it first.", other.Message);
        await runner.EndAllAsync("thing", Cancellation);
        Assert.Equal("else", Assert.Single(runner.InjectedNow).Resource);
        await runner.InjectAsync("thing", "other", new FaultRequest(), Cancellation);
    }

    [Fact]
    public async Task Time_IsOver_EndsIt()
    {
        var runner = Runner(new ValueFault("thing", "on", Values));
        await runner.StartingAsync(Cancellation);
        await runner.InjectAsync("thing", "on", new FaultRequest(Minutes: 0.5), Cancellation);

        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.Single(runner.InjectedNow);
        await Eventually.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return runner.InjectedNow.Count == 0;
            },
            "it has ended"
        );

        Assert.Null(Values["on"]);
        await runner.StopAsync(Cancellation);
    }

    [Fact]
    public async Task AppHost_ThatEnds_UndoesWhatIsOn()
    {
        var runner = Runner(new ValueFault("thing", "on", Values));
        await runner.StartingAsync(Cancellation);
        await runner.InjectAsync("thing", "on", new FaultRequest(), Cancellation);

        await runner.StopAsync(Cancellation);

        Assert.Null(Values["on"]);
        Assert.Empty(Records);
    }

    [Fact]
    public async Task Undo_ThatFails_StaysOnAndIsTriedAgain()
    {
        var fault = new ValueFault("thing", "on", Values);
        var runner = Runner(fault);
        await runner.InjectAsync("thing", "on", new FaultRequest(), Cancellation);
        var content = await File.ReadAllTextAsync(Values.Path, Cancellation);
        await File.WriteAllTextAsync(Values.Path, "no JSON", Cancellation);

        var refusal = await Assert.ThrowsAsync<FaultException>(() => runner.EndAllAsync(null, Cancellation));

        Assert.StartsWith("Still on: on of thing: ", refusal.Message, StringComparison.Ordinal);
        Assert.Single(runner.InjectedNow);
        Assert.Single(Records);
        await File.WriteAllTextAsync(Values.Path, content, Cancellation);
        await runner.EndAllAsync(null, Cancellation);
        Assert.Null(Values["on"]);
        Assert.Equal(1, fault.Ended);
    }

    /// <summary>Killed at any moment: after it was written down and before anything changed, or afterwards.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AppHost_ThatWasKilled_IsCleanedUpAfterByTheNext(bool wasInjected)
    {
        Values.Set("on", wasInjected ? "7" : null);
        Values.Set("kept", "as it is");
        var journal = new UndoJournal(Journal);
        journal.Write(Record("gone", "2147483647@never", Values.Path));
        journal.Write(Record("mine", UndoJournal.ThisProcess, Values.Path) with { Undo = [new JsonFileUndo(Values.Path, "kept", null)] });
        journal.Write(Record("odd", "nobody", Values.Path));
        await File.WriteAllTextAsync(Path.Combine(Journal, "broken.json"), "{", Cancellation);

        var runner = Runner(new ValueFault("thing", "on", Values));
        await runner.StartingAsync(Cancellation);

        Assert.Null(Values["on"]);
        Assert.Equal("as it is", Values["kept"]);
        Assert.Equal(["broken.json", "mine.json"], Records.Select(Path.GetFileName).Order(StringComparer.Ordinal));
        await runner.StopAsync(Cancellation);
    }

    /// <summary>
    /// Two AppHosts on one machine: one that starts leaves alone what the other has injected. When a process started is the same for both
    /// only as the kernel tells it.
    /// </summary>
    [Fact]
    public async Task AppHost_ThatStillRuns_KeepsItsFaultsWhenAnotherStarts()
    {
        using var other = Process.Start("sleep", ["60"]);
        try
        {
            Values.Set("on", "7");
            var start = (await File.ReadAllTextAsync($"/proc/{other.Id}/stat", Cancellation)).Split(' ')[21];
            var journal = new UndoJournal(Journal);
            journal.Write(Record("theirs", $"{other.Id}@{start}", Values.Path));
            var runner = Runner(new ValueFault("thing", "on", Values));

            await runner.StartingAsync(Cancellation);
            Assert.Equal("7", Values["on"]);
            await runner.StopAsync(Cancellation);

            other.Kill();
            await other.WaitForExitAsync(Cancellation);
            runner = Runner(new ValueFault("thing", "on", Values));
            await runner.StartingAsync(Cancellation);
            Assert.Null(Values["on"]);
            await runner.StopAsync(Cancellation);
        }
        finally
        {
            other.Kill();
        }
    }

    [Fact]
    public async Task Process_FrozenByAnAppHostThatWasKilled_RunsAgain()
    {
        using var frozen = Process.Start("sleep", ["60"]);
        try
        {
            var step = SignalUndo.Of(frozen.Id);
            Signals.Send(frozen.Id, Signals.Stop);
            await Eventually.TrueAsync(() => StateOf(frozen) == 'T', "it is frozen");
            var journal = new UndoJournal(Journal);
            journal.Write(Record("other", "2147483647@never", "") with { Undo = [step with { StartTicks = step.StartTicks - 1 }] });
            var runner = Runner();

            await runner.StartingAsync(Cancellation);
            Assert.Equal('T', StateOf(frozen));
            await runner.StopAsync(Cancellation);

            journal.Write(Record("this", "2147483647@never", "") with { Undo = [step] });
            runner = Runner();
            await runner.StartingAsync(Cancellation);
            await Eventually.TrueAsync(() => StateOf(frozen) == 'S', "it runs again");
            await runner.StopAsync(Cancellation);
        }
        finally
        {
            frozen.Kill();
        }
    }

    [Fact]
    public async Task Record_ThatCannotBeRead_StopsNoStartAndStays()
    {
        Values.Set("on", "7");
        new UndoJournal(Journal).Write(Record("gone", "2147483647@never", Values.Path));
        await File.WriteAllTextAsync(Path.Combine(Journal, "half.json"), """{"Id":"half","Undo":[{"$type":"unknown"}]}""", Cancellation);

        var runner = Runner();
        await runner.StartingAsync(Cancellation);
        await runner.StopAsync(Cancellation);

        Assert.Null(Values["on"]);
        Assert.Equal("half.json", Path.GetFileName(Assert.Single(Records)));
    }

    [Fact]
    public async Task Instance_ThatThereIsNot_IsRefused()
    {
        var runner = Runner(new ValueFault("thing", "on", Values));

        var refusal = await Assert.ThrowsAsync<FaultException>(() =>
            runner.InjectAsync("thing", "on", new FaultRequest(Instance: "thing-nowhere"), Cancellation)
        );

        Assert.Equal("There is no instance thing-nowhere of thing.", refusal.Message);
        Assert.Null(Values["on"]);
    }

    [Fact]
    public async Task Request_ToAProcessThatIsGone_HasNothingToUndo_AndInjectsNothing()
    {
        var request = new HttpUndo("PUT", new Uri("http://127.0.0.1:1/admin"), new Dictionary<string, string>(), null);

        await request.ApplyAsync(null, Cancellation);
        await Assert.ThrowsAsync<HttpRequestException>(() => request.SendAsync(Cancellation));
    }

    private static char StateOf(Process process)
    {
        var stat = File.ReadAllText($"/proc/{process.Id}/stat");
        return stat[stat.LastIndexOf(')') + 2];
    }

    private static InjectedFault Record(string id, string owner, string path) =>
        new(
            id,
            "thing",
            "on",
            "On",
            "",
            null,
            7,
            DateTimeOffset.UnixEpoch,
            DateTimeOffset.UnixEpoch,
            true,
            owner,
            [new JsonFileUndo(path, "on", null)]
        );

    /// <summary>Its server is being installed, and others can be injected and ended meanwhile.</summary>
    [Fact]
    public async Task Injection_IntoWhatIsNotThereYet_IsRefusedAfterAWhile()
    {
        var runner = Runner(
            new ValueFault("thing", "on", Values) { HasAddress = new TaskCompletionSource().Task },
            new ValueFault("else", "on", Values)
        );

        var injecting = runner.InjectAsync("thing", "on", new FaultRequest(), Cancellation);
        _time.Advance(TimeSpan.FromSeconds(15));
        var refusal = await Assert.ThrowsAsync<FaultException>(() => injecting.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));

        Assert.Equal("on of thing cannot be injected: thing is not there yet.", refusal.Message);
        await runner.InjectAsync("else", "on", new FaultRequest(), Cancellation);
        Assert.Equal("else", Assert.Single(runner.InjectedNow).Resource);
    }

    /// <summary>The orchestrator's start lasts until each resource has started, which may take minutes.</summary>
    [Fact]
    public async Task Fault_IsInjected_WhileResourcesStillStart()
    {
        var resources = new SlowStart(() => Values["on"]);
        var runner = Runner(new ValueFault("thing", "on", Values));
        var control = new FaultControl(runner);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddHostedService(_ => resources);
        builder.Services.AddHostedService(_ => runner);
        builder.Services.AddHostedService(_ => control);
        using var host = builder.Build();

        var starting = host.StartAsync(Cancellation);
        await resources.Begun.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        await new FaultClient(control.Address, control.Key).InjectAsync("thing", "on", new FaultRequest(Strength: 7), Cancellation);

        Assert.Equal("7", Values["on"]);
        Assert.False(starting.IsCompleted);
        resources.Over.SetResult();
        await starting.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        await host.StopAsync(Cancellation);
        Assert.Null(resources.ValueAtStop);
    }

    private FaultRunner Runner(params Fault[] faults)
    {
        var services = new ServiceCollection().AddSingleton<IHostApplicationLifetime, Lifetime>().BuildServiceProvider();
        var notifications = new ResourceNotificationService(
            NullLogger<ResourceNotificationService>.Instance,
            services.GetRequiredService<IHostApplicationLifetime>(),
            services,
            new ResourceLoggerService()
        );
        return new FaultRunner(
            faults,
            new UndoJournal(Journal),
            services,
            new DistributedApplicationModel([new Thing("thing"), new Thing("else")]),
            new ResourceInstances(notifications),
            _time,
            NullLogger<FaultRunner>.Instance
        );
    }

    private sealed class Thing(string name) : Resource(name);

    /// <summary>As the orchestrator, which is registered first: stopped last, when faults are undone already.</summary>
    private sealed class SlowStart(Func<string?> value) : IHostedService
    {
        public TaskCompletionSource Begun { get; } = new();

        public TaskCompletionSource Over { get; } = new();

        public string? ValueAtStop { get; private set; } = "not stopped";

        public Task StartAsync(CancellationToken cancellationToken)
        {
            Begun.SetResult();
            return Over.Task;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            ValueAtStop = value();
            return Task.CompletedTask;
        }
    }

    private sealed class Lifetime : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() { }
    }

    private sealed class ValueFault(string resource, string name, JsonFile values)
        : Fault(resource, new FaultText(name, "On", "Timer", "Nothing.", "Nothing."))
    {
        public Action Before { get; init; } = () => { };

        public Action After { get; init; } = () => { };

        /// <summary>When its session is closed.</summary>
        public Task Closed { get; init; } = Task.CompletedTask;

        public int Ended { get; private set; }

        public override Strength? Strength => new("Amount", "1", 1, 100, 5);

        public override IReadOnlyList<string> Scopes => ["right", "wrong"];

        public override string Exclusive => $"{Resource}/value";

        /// <summary>When its server has an address.</summary>
        public Task HasAddress { get; init; } = Task.CompletedTask;

        public override async Task<IReadOnlyList<UndoStep>> PlanUndoAsync(FaultTarget target, CancellationToken cancellationToken)
        {
            await HasAddress;
            return [new JsonFileUndo(values.Path, Name, null)];
        }

        public override Task<IAsyncDisposable?> InjectAsync(
            FaultTarget target,
            IReadOnlyList<UndoStep> undo,
            CancellationToken cancellationToken
        )
        {
            Before();
            values.Set(Name, target.Strength.ToString(System.Globalization.CultureInfo.InvariantCulture));
            After();
            return Task.FromResult<IAsyncDisposable?>(new Handle(this));
        }

        private sealed class Handle(ValueFault fault) : IAsyncDisposable
        {
            public ValueTask DisposeAsync()
            {
                fault.Ended++;
                return new ValueTask(fault.Closed);
            }
        }
    }
}
