using System.Text.Json;
using Google.Protobuf.Collections;

namespace Platform.Observatory.Otlp;

/// <summary>
/// The metrics part of the reader:
/// <c>{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"asInt":"1"}]}}]}]}]}</c>
/// </summary>
internal static partial class OtlpJsonReader
{
    public static ExportMetricsServiceRequest ReadMetrics(JsonElement root)
    {
        var request = new ExportMetricsServiceRequest();
        Each(
            root,
            "resourceMetrics",
            request.ResourceMetrics,
            group =>
            {
                var made = new ResourceMetrics { Resource = Child(group, "resource", ReadResource), SchemaUrl = Text(group, "schemaUrl") };
                Each(
                    group,
                    "scopeMetrics",
                    made.ScopeMetrics,
                    scope =>
                    {
                        var metrics = new ScopeMetrics { Scope = Child(scope, "scope", ReadScope), SchemaUrl = Text(scope, "schemaUrl") };
                        Each(scope, "metrics", metrics.Metrics, ReadMetric);
                        return metrics;
                    }
                );
                return made;
            }
        );
        return request;
    }

    private static Metric ReadMetric(JsonElement element)
    {
        var metric = new Metric
        {
            Name = Text(element, "name"),
            Description = Text(element, "description"),
            Unit = Text(element, "unit"),
        };
        Each(element, "metadata", metric.Metadata, ReadKeyValue);

        if (Property(element, "gauge") is { } gauge)
        {
            metric.Gauge = new Gauge();
            Each(gauge, "dataPoints", metric.Gauge.DataPoints, ReadNumber);
        }
        else if (Property(element, "sum") is { } sum)
        {
            var isMonotonic = Property(sum, "isMonotonic")?.GetBoolean() ?? false;
            metric.Sum = new Sum { AggregationTemporality = Temporality(sum), IsMonotonic = isMonotonic };
            Each(sum, "dataPoints", metric.Sum.DataPoints, ReadNumber);
        }
        else if (Property(element, "histogram") is { } histogram)
        {
            metric.Histogram = new Histogram { AggregationTemporality = Temporality(histogram) };
            Each(histogram, "dataPoints", metric.Histogram.DataPoints, ReadHistogram);
        }
        else if (Property(element, "exponentialHistogram") is { } exponential)
        {
            metric.ExponentialHistogram = new ExponentialHistogram { AggregationTemporality = Temporality(exponential) };
            Each(exponential, "dataPoints", metric.ExponentialHistogram.DataPoints, ReadExponential);
        }
        else if (Property(element, "summary") is { } summary)
        {
            metric.Summary = new Summary();
            Each(summary, "dataPoints", metric.Summary.DataPoints, ReadSummary);
        }

        return metric;
    }

    private static NumberDataPoint ReadNumber(JsonElement element)
    {
        var point = new NumberDataPoint
        {
            StartTimeUnixNano = UInt64(element, "startTimeUnixNano"),
            TimeUnixNano = UInt64(element, "timeUnixNano"),
            Flags = UInt32(element, "flags"),
        };

        if (Property(element, "asInt") is { } integer)
        {
            point.AsInt = Integer<long>(integer);
        }
        else if (Property(element, "asDouble") is { } number)
        {
            point.AsDouble = Double(number);
        }

        ReadAttributes(element, point.Attributes, point.Exemplars);
        return point;
    }

    private static HistogramDataPoint ReadHistogram(JsonElement element)
    {
        var point = new HistogramDataPoint
        {
            StartTimeUnixNano = UInt64(element, "startTimeUnixNano"),
            TimeUnixNano = UInt64(element, "timeUnixNano"),
            Count = UInt64(element, "count"),
            Flags = UInt32(element, "flags"),
        };
        Each(element, "bucketCounts", point.BucketCounts, Integer<ulong>);
        Each(element, "explicitBounds", point.ExplicitBounds, Double);
        ReadAttributes(element, point.Attributes, point.Exemplars);
        Number(element, "sum", value => point.Sum = value);
        Number(element, "min", value => point.Min = value);
        Number(element, "max", value => point.Max = value);
        return point;
    }

    private static ExponentialHistogramDataPoint ReadExponential(JsonElement element)
    {
        var point = new ExponentialHistogramDataPoint
        {
            StartTimeUnixNano = UInt64(element, "startTimeUnixNano"),
            TimeUnixNano = UInt64(element, "timeUnixNano"),
            Count = UInt64(element, "count"),
            Scale = Int32(element, "scale"),
            ZeroCount = UInt64(element, "zeroCount"),
            Positive = Child(element, "positive", ReadBuckets),
            Negative = Child(element, "negative", ReadBuckets),
            Flags = UInt32(element, "flags"),
        };
        ReadAttributes(element, point.Attributes, point.Exemplars);
        Number(element, "sum", value => point.Sum = value);
        Number(element, "min", value => point.Min = value);
        Number(element, "max", value => point.Max = value);
        Number(element, "zeroThreshold", value => point.ZeroThreshold = value);
        return point;
    }

    private static ExponentialHistogramDataPoint.Types.Buckets ReadBuckets(JsonElement element)
    {
        var buckets = new ExponentialHistogramDataPoint.Types.Buckets { Offset = Int32(element, "offset") };
        Each(element, "bucketCounts", buckets.BucketCounts, Integer<ulong>);
        return buckets;
    }

    private static SummaryDataPoint ReadSummary(JsonElement element)
    {
        var point = new SummaryDataPoint
        {
            StartTimeUnixNano = UInt64(element, "startTimeUnixNano"),
            TimeUnixNano = UInt64(element, "timeUnixNano"),
            Count = UInt64(element, "count"),
            Flags = UInt32(element, "flags"),
        };
        Number(element, "sum", value => point.Sum = value);
        Each(element, "attributes", point.Attributes, ReadKeyValue);
        Each(
            element,
            "quantileValues",
            point.QuantileValues,
            item =>
            {
                var value = new SummaryDataPoint.Types.ValueAtQuantile();
                Number(item, "quantile", number => value.Quantile = number);
                Number(item, "value", number => value.Value = number);
                return value;
            }
        );
        return point;
    }

    private static void ReadAttributes(JsonElement element, RepeatedField<KeyValue> attributes, RepeatedField<Exemplar> exemplars)
    {
        Each(element, "attributes", attributes, ReadKeyValue);
        Each(
            element,
            "exemplars",
            exemplars,
            item =>
            {
                var exemplar = new Exemplar
                {
                    TimeUnixNano = UInt64(item, "timeUnixNano"),
                    SpanId = Id(item, "spanId"),
                    TraceId = Id(item, "traceId"),
                };

                if (Property(item, "asInt") is { } integer)
                {
                    exemplar.AsInt = Integer<long>(integer);
                }

                Number(item, "asDouble", value => exemplar.AsDouble = value);
                Each(item, "filteredAttributes", exemplar.FilteredAttributes, ReadKeyValue);
                return exemplar;
            }
        );
    }

    private static AggregationTemporality Temporality(JsonElement element) =>
        (AggregationTemporality)Int32(element, "aggregationTemporality");

    private static void Number(JsonElement element, string name, Action<double> set)
    {
        if (Property(element, name) is { } value)
        {
            set(Double(value));
        }
    }
}
