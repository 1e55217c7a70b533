using System.Text;
using Google.Protobuf.Collections;
using Platform.Observatory.Otlp;
using Platform.Redaction;

namespace Platform.Observatory.Scrubbing;

/// <summary>Scrubs every text of a request in place. Texts are truncated first, so that none escapes by its size.</summary>
internal sealed partial class OtlpScrubber
{
    private bool _changed;

    private OtlpScrubber() { }

    /// <summary>True when something was removed.</summary>
    public static bool Scrub(ExportTraceServiceRequest request)
    {
        var scrubber = new OtlpScrubber();

        foreach (var group in request.ResourceSpans)
        {
            group.SchemaUrl = scrubber.Text(group.SchemaUrl);
            scrubber.Attributes(group.Resource?.Attributes);

            foreach (var scope in group.ScopeSpans)
            {
                scope.SchemaUrl = scrubber.Text(scope.SchemaUrl);
                scrubber.Scope(scope.Scope);

                foreach (var span in scope.Spans)
                {
                    scrubber.Span(span);
                }
            }
        }

        return scrubber._changed;
    }

    public static bool Scrub(ExportLogsServiceRequest request)
    {
        var scrubber = new OtlpScrubber();

        foreach (var group in request.ResourceLogs)
        {
            group.SchemaUrl = scrubber.Text(group.SchemaUrl);
            scrubber.Attributes(group.Resource?.Attributes);

            foreach (var scope in group.ScopeLogs)
            {
                scope.SchemaUrl = scrubber.Text(scope.SchemaUrl);
                scrubber.Scope(scope.Scope);

                foreach (var log in scope.LogRecords)
                {
                    log.SeverityText = scrubber.Text(log.SeverityText);
                    log.EventName = scrubber.Text(log.EventName);
                    scrubber.Value(log.Body);
                    scrubber.Attributes(log.Attributes);
                }
            }
        }

        return scrubber._changed;
    }

    private void Span(Span span)
    {
        span.Name = Text(span.Name);
        span.TraceState = Text(span.TraceState);
        Attributes(span.Attributes);

        foreach (var item in span.Events)
        {
            item.Name = Text(item.Name);
            Attributes(item.Attributes);
        }

        foreach (var link in span.Links)
        {
            link.TraceState = Text(link.TraceState);
            Attributes(link.Attributes);
        }

        if (span.Status is not null)
        {
            span.Status.Message = Text(span.Status.Message);
        }
    }

    private void Scope(InstrumentationScope? scope)
    {
        if (scope is not null)
        {
            scope.Name = Text(scope.Name);
            scope.Version = Text(scope.Version);
            Attributes(scope.Attributes);
        }
    }

    private void Attributes(RepeatedField<KeyValue>? attributes)
    {
        foreach (var attribute in attributes ?? [])
        {
            var kind = SecretNames.KindOf(attribute.Key);
            attribute.Key = Text(attribute.Key);

            if (IsSecret(kind, attribute.Value))
            {
                attribute.Value.StringValue = Redactor.Mask;
                _changed = true;
            }
            else if (kind != NameKind.TraceContext || !IsId(attribute.Value))
            {
                Value(attribute.Value);
            }
        }
    }

    // What a sender masked itself is left as it is.
    private static bool IsSecret(NameKind kind, AnyValue? value) =>
        value?.ValueCase switch
        {
            null or AnyValue.ValueOneofCase.None or AnyValue.ValueOneofCase.BoolValue => false,
            AnyValue.ValueOneofCase.StringValue => kind is NameKind.Secret or NameKind.Token
                && value.StringValue is not ("" or Redactor.Mask),
            AnyValue.ValueOneofCase.IntValue or AnyValue.ValueOneofCase.DoubleValue => kind == NameKind.Secret,
            _ => kind is NameKind.Secret or NameKind.Token,
        };

    private static bool IsId(AnyValue? value) =>
        value?.ValueCase == AnyValue.ValueOneofCase.StringValue && SecretNames.IsTraceOrSpanId(value.StringValue);

    // The depth is bounded by the decoders.
    private void Value(AnyValue? value)
    {
        switch (value?.ValueCase)
        {
            case AnyValue.ValueOneofCase.StringValue:
                value.StringValue = Text(value.StringValue);
                break;
            case AnyValue.ValueOneofCase.BytesValue:
                Bytes(value);
                break;
            case AnyValue.ValueOneofCase.ArrayValue:
                foreach (var item in value.ArrayValue.Values)
                {
                    Value(item);
                }

                break;
            case AnyValue.ValueOneofCase.KvlistValue:
                Attributes(value.KvlistValue.Values);
                break;
        }
    }

    // Bytes may be encoded text; the patterns use Latin letters only.
    private void Bytes(AnyValue value)
    {
        var text = Encoding.Latin1.GetString(value.BytesValue.Span);

        if (!ReferenceEquals(Redactor.Redact(text), text))
        {
            value.StringValue = Redactor.Mask;
            _changed = true;
        }
    }

    private string Text(string text)
    {
        if (text.Length == 0)
        {
            return text;
        }

        var scrubbed = Redactor.Redact(ItemLimits.Cut(text, ItemLimits.MaxValueBytes));
        _changed |= !ReferenceEquals(scrubbed, text);
        return scrubbed;
    }
}
