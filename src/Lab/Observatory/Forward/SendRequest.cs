namespace Platform.Observatory.Forward;

/// <summary>
/// One request to a destination. The parts are messages of one type: written one after the other they are one message with the
/// repeated fields of all, which is how protobuf is defined. So nothing is copied to put them together.
/// </summary>
internal sealed record SendRequest(IReadOnlyList<ReadOnlyMemory<byte>> Parts, int Items, string Hops)
{
    public int Bytes { get; } = Parts.Sum(part => part.Length);
}

internal enum SendOutcome
{
    /// <summary>Taken, apart from what the destination rejected of it.</summary>
    Sent,

    /// <summary>Worth trying again.</summary>
    Retry,

    /// <summary>It will never be taken.</summary>
    Refused,
}

/// <summary>RetryAfter is what the destination asked for; also of a request that was taken.</summary>
internal readonly record struct SendResult(SendOutcome Outcome, string? Message = null, long Rejected = 0, TimeSpan? RetryAfter = null);

/// <summary>One way of sending. An answer of any kind is a result; only a cancelled token is an exception.</summary>
internal interface ISender : IDisposable
{
    Task<SendResult> SendAsync(SendRequest request, CancellationToken cancellationToken);
}
