using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Platform.Observatory.Receiving;

namespace Platform.Observatory.Tests;

/// <summary>Mutated inputs, one target after the other. An input depends on the seed and its own number alone.</summary>
internal sealed class FuzzRun(IReadOnlyList<FuzzTarget> targets, int seed)
{
    // A defect shows in the first few.
    private const int MaxFailures = 10;

    private readonly List<string> _failures = [];

    public IReadOnlyList<string> Failures => _failures;

    public IReadOnlyList<FuzzCounts> Counts { get; } = [.. targets.Select(target => new FuzzCounts(target.Name))];

    public void Run(int inputs, CancellationToken cancellationToken)
    {
        for (var number = 0; number < inputs && _failures.Count < MaxFailures; number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Try(number);
        }
    }

    public byte[] Input(int number)
    {
        var random = new Random(HashOf(seed, number));
        var samples = targets[number % targets.Count].Samples;
        return new FuzzMutator(random).Mutate(samples[random.Next(samples.Count)], samples[random.Next(samples.Count)]);
    }

    [SuppressMessage(
        "Design",
        "CA1031:Do not catch general exception types",
        Justification = "Which exceptions there are is the question; each becomes a failure."
    )]
    private void Try(int number)
    {
        var (target, counts) = (targets[number % targets.Count], Counts[number % targets.Count]);
        var input = Input(number);
        var clock = Stopwatch.StartNew();

        try
        {
            counts.Add(target.Accept(input), clock.Elapsed, number);
        }
        catch (RefusedException)
        {
            counts.Add(taken: false, clock.Elapsed, number);
        }
        catch (Exception exception)
        {
            _failures.Add($"{target.Name}, seed {seed}, input {number}: {exception}\n{Convert.ToBase64String(input)}");
        }
    }

    // Not HashCode, which differs from process to process.
    private static int HashOf(int seed, int number) => (int)(((uint)seed * 2_654_435_761) ^ ((uint)number * 2_246_822_519));
}

internal sealed class FuzzCounts(string name)
{
    public string Name { get; } = name;

    public int Taken { get; private set; }

    public int Refused { get; private set; }

    /// <summary>Slow inputs are reported but fail nothing.</summary>
    public (TimeSpan Time, int Number) Slowest { get; private set; }

    public void Add(bool taken, TimeSpan time, int number)
    {
        Taken += taken ? 1 : 0;
        Refused += taken ? 0 : 1;
        Slowest = time > Slowest.Time ? (time, number) : Slowest;
    }
}
