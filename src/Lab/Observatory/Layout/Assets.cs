using System.Collections.Frozen;
using System.Reflection;

namespace Platform.Observatory.Layout;

/// <summary>The stylesheet, the icon and the scripts, embedded in the assembly.</summary>
internal static class Assets
{
    private static readonly FrozenDictionary<string, byte[]> Scripts = new[]
    {
        "observatory.js",
        "keyboard.js",
        "live.js",
        "tail.js",
    }.ToFrozenDictionary(name => name, Read, StringComparer.Ordinal);

    private static readonly byte[] Stylesheet = Read("observatory.css");
    private static readonly byte[] Icon = Read("icon.svg");

    /// <summary>Anonymous: they reveal nothing, and the login page needs them.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/observatory.css", () => TypedResults.Bytes(Stylesheet, "text/css"));
        routes.MapGet("/icon.svg", () => TypedResults.Bytes(Icon, "image/svg+xml"));

        foreach (var (name, bytes) in Scripts)
        {
            routes.MapGet("/" + name, () => TypedResults.Bytes(bytes, "text/javascript"));
        }
    }

    private static byte[] Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
