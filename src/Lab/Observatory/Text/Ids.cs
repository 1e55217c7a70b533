using System.Globalization;
using Google.Protobuf;

namespace Platform.Observatory.Text;

/// <summary>Ids as they are written everywhere outside of protobuf: lower-case hex of full length.</summary>
internal static class Ids
{
    public static string Trace(UInt128 id) => id.ToString("x32", CultureInfo.InvariantCulture);

    public static string Span(ulong id) => id.ToString("x16", CultureInfo.InvariantCulture);

    public static string Hex(ByteString id) => Convert.ToHexStringLower(id.Span);
}
