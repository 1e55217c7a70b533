using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Platform.Observatory.Otlp;
using Platform.Observatory.Receiving;
using Platform.Redaction;

namespace Platform.Observatory.Scrubbing;

/// <summary>Copies JSON without secrets: values of secret names, and what Redactor finds inside any text.</summary>
internal static class JsonScrubber
{
    // Never written into a page, so letters need no escapes, which would double an event in another script.
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Scrub(ReadOnlyMemory<byte> json)
    {
        try
        {
            // At most 64 levels, here as in every later reading; deeper is refused.
            using var document = JsonDocument.Parse(json);

            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new RefusedException(Refusal.Malformed, "Invalid item: an object was expected.");
            }

            var buffer = new ArrayBufferWriter<byte>(json.Length + 256);

            using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
            {
                Write(writer, document.RootElement, atRoot: true);
            }

            return buffer.WrittenSpan.ToArray();
        }
        catch (JsonException exception)
        {
            throw new RefusedException(Refusal.Malformed, "Invalid item: it is not JSON.", exception);
        }
    }

    private static void Write(Utf8JsonWriter writer, JsonElement element, bool atRoot = false)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();

                foreach (var property in element.EnumerateObject())
                {
                    WriteProperty(writer, property, atRoot);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array when element.GetArrayLength() == 2 && IsSecretPair(element):
                // Headers and tags also come as [name, value].
                writer.WriteStartArray();
                writer.WriteStringValue(Text(element[0]));
                writer.WriteStringValue(Redactor.Mask);
                writer.WriteEndArray();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();

                foreach (var item in element.EnumerateArray())
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(Redactor.Redact(ItemLimits.Cut(Text(element), ItemLimits.MaxValueBytes)));
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }

    private static void WriteProperty(Utf8JsonWriter writer, JsonProperty property, bool atRoot)
    {
        var name = Name(property);
        writer.WritePropertyName(Redactor.Redact(ItemLimits.Cut(name, ItemLimits.MaxNameBytes)));

        if (atRoot && name == "modules")
        {
            // Names of assemblies (Microsoft.AspNetCore.Authorization) and their versions.
            Write(writer, property.Value);
        }
        else if (IsSecret(name) && property.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.True or JsonValueKind.False))
        {
            writer.WriteStringValue(Redactor.Mask);
        }
        else
        {
            Write(writer, property.Value);
        }
    }

    private static bool IsSecret(string name) => SecretNames.KindOf(name) is NameKind.Secret or NameKind.Token;

    private static bool IsSecretPair(JsonElement pair) => pair[0].ValueKind == JsonValueKind.String && IsSecret(Text(pair[0]));

    private static string Text(JsonElement element)
    {
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // JavaScript cuts texts between the halves of a surrogate pair; the rest of the event is still worth keeping.
            return "[unreadable text]";
        }
    }

    private static string Name(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return "[unreadable name]";
        }
    }
}
