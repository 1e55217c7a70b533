using Google.Protobuf;
using Platform.Observatory.Otlp;
using Platform.Observatory.Query;
using Platform.Observatory.Store;

namespace Platform.Observatory.Tests;

/// <summary>Reading serialized bytes gives the same as parsing.</summary>
public sealed class PackedRecordTests
{
    private static readonly StoredSpan Record = Stored(
        new Span
        {
            Name = "charge card",
            Attributes =
            {
                new KeyValue
                {
                    Key = "shop.name",
                    Value = new AnyValue { StringValue = "Größe and Straße" },
                },
                new KeyValue
                {
                    Key = "count",
                    Value = new AnyValue { IntValue = 4711 },
                },
                new KeyValue
                {
                    Key = "ratio",
                    Value = new AnyValue { DoubleValue = -2.5e-7 },
                },
                new KeyValue
                {
                    Key = "limit",
                    Value = new AnyValue { DoubleValue = double.PositiveInfinity },
                },
                new KeyValue
                {
                    Key = "mean",
                    Value = new AnyValue { DoubleValue = double.NaN },
                },
                new KeyValue
                {
                    Key = "flag",
                    Value = new AnyValue { BoolValue = true },
                },
                new KeyValue
                {
                    Key = "items",
                    Value = new AnyValue
                    {
                        ArrayValue = new ArrayValue
                        {
                            Values =
                            {
                                new AnyValue { StringValue = "Book" },
                                new AnyValue { IntValue = 99 },
                            },
                        },
                    },
                },
                new KeyValue
                {
                    Key = "about",
                    Value = new AnyValue { StringValue = "the count of items" },
                },
            },
            Events =
            {
                new Span.Types.Event
                {
                    Name = "retry",
                    Attributes =
                    {
                        new KeyValue
                        {
                            Key = "count",
                            Value = new AnyValue { IntValue = 2 },
                        },
                    },
                },
                new Span.Types.Event
                {
                    Name = "exception",
                    Attributes =
                    {
                        new KeyValue
                        {
                            Key = "exception.type",
                            Value = new AnyValue { StringValue = "TimeoutException" },
                        },
                    },
                },
            },
            Status = new Status { Message = "Declined by bank" },
        }
    );

    [Theory]
    [InlineData("charge")]
    [InlineData("CARD")]
    [InlineData("größe")]
    [InlineData("straße")]
    [InlineData("4711")]
    [InlineData("71")]
    [InlineData("-2.5E")]
    [InlineData("e-07")]
    [InlineData("True")]
    [InlineData("TRUE")]
    [InlineData("INFINITY")]
    [InlineData("nan")]
    [InlineData("rue")]
    [InlineData("book")]
    [InlineData("99")]
    [InlineData("timeoutexception")]
    [InlineData("RETRY")]
    [InlineData("declined BY bank")]
    public void Text_ThatParsingFinds_IsNeverRuledOut(string text)
    {
        Assert.True(RecordSearch.Contains(new RecordView(Record), text));
        Assert.True(new PackedText(text).MayBeIn(Record));
    }

    [Theory]
    [InlineData("zebra")]
    [InlineData("charge cards")]
    [InlineData(
        "timeoutexceptions are long, and longer than the record is from here to its end, "
            + "which a careless search would run over, reading what is not its own"
    )]
    public void Text_ThatIsNowhere_IsRuledOut(string text) => Assert.False(new PackedText(text).MayBeIn(Record));

    [Fact]
    public void Letters_ThatAreNotAscii_NeverEqualOnesThatAre()
    {
        var letters = string.Concat(Enumerable.Range('a', 26).Select(letter => (char)letter));

        Assert.DoesNotContain(
            Enumerable.Range(128, char.MaxValue - 127).Select(code => ((char)code).ToString()),
            other => letters.Contains(other, StringComparison.OrdinalIgnoreCase)
        );
    }

    [Fact]
    public void Attributes_OfARecord_AreThoseOfTheSpanAndThenOfItsEvents()
    {
        var values = new RecordView(Record).Attributes("count", "count"u8.ToArray()).Select(value => value.IntValue);

        Assert.Equal([4711, 2], values);
        Assert.Empty(new RecordView(Record).Attributes("name", "name"u8.ToArray()));
    }

    [Fact]
    public void EventNames_OfSpansAndLogs_AreFound()
    {
        var log = new LogRecord
        {
            EventName = "order.placed",
            Body = new AnyValue { StringValue = "placed" },
        };

        Assert.Equal(["retry", "exception"], PackedRecord.EventNames(Record));
        Assert.Equal(["order.placed"], PackedRecord.EventNames(Stored(log)));
        Assert.Empty(PackedRecord.EventNames(Stored(new LogRecord())));
    }

    private static Origin Origin() => new(new OriginResource(new Resource(), ""), null, "", 0);

    private static StoredSpan Stored(Span span) =>
        new()
        {
            ArrivedSeconds = 0,
            TraceId = 1,
            SpanId = 1,
            ParentId = 0,
            Name = span.Name,
            Kind = span.Kind,
            Start = 0,
            End = 0,
            Failed = false,
            IdBits = 0,
            Origin = Origin(),
            Payload = span.ToByteArray(),
        };

    private static StoredLog Stored(LogRecord log) =>
        new()
        {
            ArrivedSeconds = 0,
            TraceId = 1,
            SpanId = 1,
            Timestamp = 0,
            Severity = 9,
            IdBits = 0,
            Origin = Origin(),
            Payload = log.ToByteArray(),
        };
}
