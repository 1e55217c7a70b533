using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Platform.Observatory.Text;

/// <summary>Counts distinct values by their digests, up to Capacity; beyond it only says that there are more.</summary>
internal sealed class Distinct
{
    // Bounded by Capacity; further values only set IsCapped.
    private const int Capacity = 1_000;
    private readonly HashSet<ulong> _digests = [];
    private int _minimum;

    public int Count => Math.Max(_minimum, _digests.Count);

    /// <summary>True when there were more than could be counted.</summary>
    public bool IsCapped { get; private set; }

    /// <summary>Restores a lower bound, whose digests are not kept.</summary>
    public void Restore(int minimum, bool isCapped) => (_minimum, IsCapped) = (minimum, isCapped);

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
