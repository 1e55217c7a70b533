using System.Text.Json.Nodes;
using Google.Protobuf;

namespace Platform.Observatory.Tests;

/// <summary>OTLP's JSON of a message: protobuf's, with ids in hex and enums as numbers.</summary>
internal static class OtlpJson
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithFormatEnumsAsIntegers(true));

    public static string Write(IMessage message)
    {
        var root = JsonNode.Parse(Formatter.Format(message))!;
        Ids(root);
        return root.ToJsonString();
    }

    private static void Ids(JsonNode? node)
    {
        if (node is JsonArray array)
        {
            foreach (var item in array)
            {
                Ids(item);
            }
        }

        if (node is JsonObject parent)
        {
            foreach (var (name, value) in parent.ToList())
            {
                Ids(value);

                if (name is "traceId" or "spanId" or "parentSpanId")
                {
                    parent[name] = Convert.ToHexStringLower(Convert.FromBase64String(value!.ToString()));
                }
            }
        }
    }
}
