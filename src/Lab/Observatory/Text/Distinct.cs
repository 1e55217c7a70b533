using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Platform.Observatory.Text;

/// <summary>Counts different values without keeping them: a digest of each, up to Capacity, and then says that there are more.</summary>
internal sealed class Distinct
{
    // Bounded by Capacity; what comes after it is only noticed.
    private const int Capacity = 1_000;
    private readonly HashSet<ulong> _digests = [];
    private int _least;

    public int Count => Math.Max(_least, _digests.Count);

    /// <summary>There were more than could be counted.</summary>
    public bool IsCapped { get; private set; }

    /// <summary>There were at least as many, of which no digest is left.</summary>
    public void Restore(int least, bool isCapped) => (_least, IsCapped) = (least, isCapped);

    public void Add(string? value)
    {
        if (value is null || Contains(value))
        {
            return;
        }

        if (_digests.Count >= Capacity)
        {
            IsCapped = true;
            return;
        }

        _digests.Add(DigestOf(value));
    }

    public bool Contains(string value) => _digests.Contains(DigestOf(value));

    private static ulong DigestOf(string value) => BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(value)));
}
