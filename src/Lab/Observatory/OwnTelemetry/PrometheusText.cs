using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Platform.Observatory.OwnTelemetry;

/// <summary>
/// The observable instruments of one meter in Prometheus's text format 0.0.4, named by OpenTelemetry's rules: dots are underscores, a unit
/// is a suffix, a counter ends with _total. OpenTelemetry's exporter collects by the name of the meter, which is the same for all
/// applications of one process.
/// </summary>
internal static class PrometheusText
{
    public static string Of(Meter meter)
    {
        // Bounded by the instruments and their few label values.
        var families = new SortedDictionary<string, Family>(StringComparer.Ordinal);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter == meter)
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.Start();
        listener.RecordObservableInstruments();

        var text = new StringBuilder();

        foreach (var (name, family) in families)
        {
            text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {family.Description}\n# TYPE {name} {family.Type}\n");
            family.Lines.ForEach(line => text.Append(line));
        }

        return text.ToString();

        void Add(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var isCounter = instrument.GetType().GetGenericTypeDefinition() == typeof(ObservableCounter<>);
            var name = instrument.Name.Replace('.', '_') + Suffix(instrument.Unit) + (isCounter ? "_total" : "");

            if (!families.TryGetValue(name, out var family))
            {
                families.Add(name, family = new Family(instrument.Description ?? "", isCounter ? "counter" : "gauge", []));
            }

            var labels = string.Join(',', tags.ToArray().Select(tag => $"{tag.Key.Replace('.', '_')}=\"{Escaped($"{tag.Value}")}\""));
            var series = labels.Length > 0 ? $"{name}{{{labels}}}" : name;
            family.Lines.Add(string.Create(CultureInfo.InvariantCulture, $"{series} {value}\n"));
        }
    }

    // A sender chooses the name of its service.
    private static string Escaped(string value) =>
        value
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Suffix(string? unit) =>
        unit switch
        {
            "By" => "_bytes",
            "s" => "_seconds",
            _ => "",
        };

    private sealed record Family(string Description, string Type, List<string> Lines);
}
