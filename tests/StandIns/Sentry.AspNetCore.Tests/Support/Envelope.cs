using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Platform.Sentry.AspNetCore.Tests.Support;

/// <summary>A received envelope, taken apart by the lengths it states.</summary>
internal sealed record Envelope(string Path, IReadOnlyDictionary<string, string> RequestHeaders, JsonElement Header, IReadOnlyList<Item> Items, string Text)
{
    public IEnumerable<JsonElement> OfType(string type) =>
        Items.Where(item => item.Header.GetProperty("type").GetString() == type).Select(item => item.Payload);

    public static Envelope Parse(string path, IReadOnlyDictionary<string, string> headers, byte[] body)
    {
        using var gzip = new GZipStream(new MemoryStream(body), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        gzip.CopyTo(plain);
        var bytes = plain.ToArray();
        var position = 0;
        var header = Json(ReadLine());
        var items = new List<Item>();
        while (position < bytes.Length)
        {
            var itemHeader = Json(ReadLine());
            var length = itemHeader.GetProperty("length").GetInt32();
            items.Add(new Item(itemHeader, Json(bytes[position..(position + length)])));
            position += length;
            Assert.True(position == bytes.Length || bytes[position] == '\n', "A payload must be followed by a line feed.");
            position++;
        }

        return new Envelope(path, headers, header, items, Encoding.UTF8.GetString(bytes));

        byte[] ReadLine()
        {
            var end = Array.IndexOf(bytes, (byte)'\n', position);
            var line = bytes[position..end];
            position = end + 1;
            return line;
        }

        static JsonElement Json(byte[] json) => JsonDocument.Parse(json).RootElement;
    }
}

internal sealed record Item(JsonElement Header, JsonElement Payload);
