using Google.Protobuf.Collections;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Scrubbing;

/// <summary>The metrics part of the scrubber.</summary>
internal sealed partial class OtlpScrubber
{
    public static bool Scrub(ExportMetricsServiceRequest request)
    {
        var scrubber = new OtlpScrubber();

        foreach (var group in request.ResourceMetrics)
        {
            group.SchemaUrl = scrubber.Text(group.SchemaUrl);
            scrubber.Attributes(group.Resource?.Attributes);

            foreach (var scope in group.ScopeMetrics)
            {
                scope.SchemaUrl = scrubber.Text(scope.SchemaUrl);
                scrubber.Scope(scope.Scope);

                foreach (var metric in scope.Metrics)
                {
                    scrubber.Metric(metric);
                }
            }
        }

        return scrubber._changed;
    }

    private void Metric(Metric metric)
    {
        metric.Name = Text(metric.Name);
        metric.Description = Text(metric.Description);
        metric.Unit = Text(metric.Unit);
        Attributes(metric.Metadata);

        foreach (var point in metric.Gauge?.DataPoints ?? metric.Sum?.DataPoints ?? [])
        {
            Point(point.Attributes, point.Exemplars);
        }

        foreach (var point in metric.Histogram?.DataPoints ?? [])
        {
            Point(point.Attributes, point.Exemplars);
        }

        foreach (var point in metric.ExponentialHistogram?.DataPoints ?? [])
        {
            Point(point.Attributes, point.Exemplars);
        }

        foreach (var point in metric.Summary?.DataPoints ?? [])
        {
            Point(point.Attributes, []);
        }
    }

    private void Point(RepeatedField<KeyValue> attributes, RepeatedField<Exemplar> exemplars)
    {
        Attributes(attributes);

        foreach (var exemplar in exemplars)
        {
            Attributes(exemplar.FilteredAttributes);
        }
    }
}
