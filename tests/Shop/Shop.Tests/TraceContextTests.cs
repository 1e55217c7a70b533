using System.Diagnostics;
using Platform.Messaging;

namespace Platform.Shop.Tests;

public sealed class TraceContextTests : IDisposable
{
    private const string Name = "Platform.Shop.Tests";

    private static readonly ActivitySource Source = new(new ActivitySourceOptions(Name));

    private readonly ActivityListener _listener = new()
    {
        ShouldListenTo = source => source.Name == Name,
        Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
    };

    public TraceContextTests() => ActivitySource.AddActivityListener(_listener);

    public void Dispose() => _listener.Dispose();

    [Fact]
    public void Start_OfACapturedContext_ContinuesTraceAndBaggage()
    {
        TraceContext stored;
        ActivityContext first;
        using (var activity = Source.StartActivity("first")!)
        {
            activity.SetBaggage("tenant.id", "acme");
            activity.TraceStateString = "vendor=1";
            first = activity.Context;
            stored = TraceContext.Capture();
        }

        using var second = stored.Start(Source, "second", ActivityKind.Internal)!;

        Assert.Equal(
            (first.TraceId, first.SpanId, "vendor=1", "acme"),
            (second.TraceId, second.ParentSpanId, second.TraceStateString, second.GetBaggageItem("tenant.id"))
        );
    }

    [Fact]
    public void Start_AsALink_IsANewTraceThatLinks()
    {
        var stored = new TraceContext("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", null, "tenant.id=acme");
        using var ambient = Source.StartActivity("ambient");

        using var activity = stored.Start(Source, "linked", ActivityKind.Consumer, link: true)!;

        Assert.NotEqual("4bf92f3577b34da6a3ce929d0e0e4736", activity.TraceId.ToString());
        Assert.Null(activity.ParentId);
        Assert.Equal("4bf92f3577b34da6a3ce929d0e0e4736", Assert.Single(activity.Links).Context.TraceId.ToString());
        Assert.Equal("acme", activity.GetBaggageItem("tenant.id"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("00-nonsense")]
    public void Start_OfAnUnreadableContext_StartsANewTrace(string? traceparent)
    {
        using var activity = new TraceContext(traceparent, null, null).Start(Source, "alone", ActivityKind.Internal)!;

        Assert.Null(activity.ParentId);
    }
}
