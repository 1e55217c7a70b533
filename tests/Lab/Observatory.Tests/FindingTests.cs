using Platform.Observatory.Findings;
using Platform.Observatory.Otlp;
using Platform.Observatory.Requests;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Tests;

/// <summary>Whether what was found still holds, when it has lasted for so long that it looks usual.</summary>
public sealed class FindingTests
{
    private static readonly DateTimeOffset Begin = new(2026, 11, 29, 10, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset End = Begin.AddMinutes(30);

    private static readonly Origin Payments = new(
        new OriginResource(
            new Resource
            {
                Attributes =
                {
                    new KeyValue
                    {
                        Key = "service.name",
                        Value = new AnyValue { StringValue = "payments" },
                    },
                },
            },
            ""
        ),
        null,
        "",
        0
    );

    [Fact]
    public void SlowCall_ThatLastsForTheWholeWindow_Holds_UntilItIsAsFastAsBefore()
    {
        var lasting = Calls("POST", _ => 3_000);
        var over = Calls("POST", minute => minute < 24 ? 3_000 : 60);

        Assert.False(Holds(lasting, isFailing: false, null));
        Assert.True(Holds(lasting, isFailing: false, new Usual("POST", 50)));
        Assert.False(Holds(over, isFailing: false, new Usual("POST", 50)));
    }

    [Fact]
    public void FailingCall_ThatLastsForTheWholeWindow_Holds()
    {
        var lasting = Calls("POST", _ => 10, request => request % 3 == 0);

        Assert.False(Holds(lasting, isFailing: true, null));
        Assert.True(Holds(lasting, isFailing: true, new Usual("POST", 0)));
        Assert.False(Holds(lasting, isFailing: true, new Usual("POST", 0.34)));
    }

    /// <summary>Another call to the same company takes its time at all times.</summary>
    [Fact]
    public void AnotherCall_IsNotComparedWithWhatWasUsualOfThis()
    {
        var calls = Calls("GET", _ => 10).Concat(Calls("POST", _ => 2_000));

        Assert.False(Holds(calls, isFailing: false, new Usual("GET", 10)));
    }

    /// <summary>A little slower for good is no incident.</summary>
    [Fact]
    public void Call_ThatStaysALittleSlower_DoesNotHold()
    {
        Assert.False(Holds(Calls("POST", _ => 7), isFailing: false, new Usual("POST", 3)));
        Assert.False(Holds(Calls("POST", _ => 400), isFailing: false, new Usual("POST", 100)));
    }

    private static bool Holds(IEnumerable<StoredSpan> spans, bool isFailing, Usual? before)
    {
        var window = Window.Of(new TimeRange("30m", Begin, End), []);
        var builder = new FindingBuilder(new WindowRequests(spans, window), window, []);
        return builder.Holds("payments", "acquirer", isCall: true, isFailing, before);
    }

    // One in six seconds: less than fifty in the recent five minutes say something, too.
    private static IEnumerable<StoredSpan> Calls(string name, Func<int, int> milliseconds, Func<int, bool>? failed = null) =>
        Enumerable
            .Range(0, 300)
            .Select(request =>
            {
                var start = Begin.AddSeconds(request * 6);
                return new StoredSpan
                {
                    ArrivedSeconds = 0,
                    TraceId = (UInt128)request + 1,
                    SpanId = (ulong)request + 1,
                    ParentId = 1,
                    Name = name,
                    Kind = Span.Types.SpanKind.Client,
                    Start = UnixTime.NanosOf(start),
                    End = UnixTime.NanosOf(start.AddMilliseconds(milliseconds(request / 10))),
                    IdBits = 0,
                    Failed = failed?.Invoke(request) ?? false,
                    Origin = Payments,
                    Payload = [],
                };
            });
}
