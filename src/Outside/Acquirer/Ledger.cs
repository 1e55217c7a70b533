using Microsoft.Extensions.Options;

namespace Platform.Acquirer;

/// <summary>
/// Every decision about every key, kept forever: written to the file first, then to memory. Charging and voiding are atomic, so a key is
/// charged at most once and never after a void; concurrent duplicates wait on the lock and get the first one's entry.
/// </summary>
internal sealed class Ledger : IDisposable
{
    private readonly Lock _gate = new();
    private readonly LedgerFile _file;
    private readonly TimeProvider _time;

    // Both bounded by Capacity; when full, new keys are rejected.
    private readonly List<LedgerEntry> _entries = [];
    private readonly Dictionary<Guid, int> _positions = [];
    private readonly int[] _totals = new int[Enum.GetValues<ChargeStatus>().Length];

    public Ledger(IOptions<AcquirerOptions> options, TimeProvider time, ILogger<LedgerFile> logger)
    {
        _time = time;
        Capacity = options.Value.LedgerCapacity;
        _file = LedgerFile.Open(options.Value.LedgerDirectory, Apply, logger);
    }

    public int Capacity { get; }

    public LedgerAnswer Record(LedgerEntry decided)
    {
        lock (_gate)
        {
            if (FindLocked(decided.Key) is { } known)
            {
                var outcome =
                    known.Status == ChargeStatus.Voided ? LedgerOutcome.Voided
                    : known.Fingerprint != decided.Fingerprint ? LedgerOutcome.OtherBody
                    : LedgerOutcome.Replayed;
                return new LedgerAnswer(outcome, known);
            }

            return Write(decided);
        }
    }

    public LedgerAnswer Void(Guid key)
    {
        lock (_gate)
        {
            return FindLocked(key) switch
            {
                { Status: ChargeStatus.Voided } known => new LedgerAnswer(LedgerOutcome.Replayed, known),
                { } known => Write(known with { Status = ChargeStatus.Voided, HadCharge = known.Status == ChargeStatus.Captured }),
                null => Write(
                    new LedgerEntry
                    {
                        Key = key,
                        Status = ChargeStatus.Voided,
                        CreatedAt = _time.GetUtcNow(),
                    }
                ),
            };
        }
    }

    public LedgerEntry? Find(Guid key)
    {
        lock (_gate)
        {
            return FindLocked(key);
        }
    }

    /// <summary>
    /// Entries in the order their keys were first seen; <paramref name="after"/> is the number of the last entry already read.
    /// </summary>
    public LedgerPage List(ChargeStatus? status, int after, int limit)
    {
        lock (_gate)
        {
            var entries = new List<LedgerListing>();
            var next = Math.Min(after, _entries.Count);
            for (; next < _entries.Count && entries.Count < limit; next++)
            {
                if (status is null || _entries[next].Status == status)
                {
                    entries.Add(LedgerListing.From(next + 1, _entries[next]));
                }
            }

            var totals = Enum.GetValues<ChargeStatus>().ToDictionary(value => value, value => _totals[(int)value]);
            return new LedgerPage(_entries.Count, Capacity, totals, entries, next < _entries.Count ? next : null);
        }
    }

    public void Dispose() => _file.Dispose();

    private LedgerEntry? FindLocked(Guid key) => _positions.TryGetValue(key, out var position) ? _entries[position] : null;

    private LedgerAnswer Write(LedgerEntry entry)
    {
        if (_entries.Count >= Capacity && !_positions.ContainsKey(entry.Key))
        {
            return new LedgerAnswer(LedgerOutcome.Full, null);
        }

        _file.Append(entry);
        Apply(entry);
        return new LedgerAnswer(LedgerOutcome.Recorded, entry);
    }

    private void Apply(LedgerEntry entry)
    {
        if (_positions.TryGetValue(entry.Key, out var position))
        {
            _totals[(int)_entries[position].Status]--;
            _entries[position] = entry;
        }
        else
        {
            _positions.Add(entry.Key, _entries.Count);
            _entries.Add(entry);
        }

        _totals[(int)entry.Status]++;
    }
}
