namespace Platform.Observatory.Receiving;

/// <summary>Why a request is rejected as a whole. HTTP and gRPC each have a status for it.</summary>
internal enum Refusal
{
    Malformed,
    TooLarge,
    Overloaded,
    Unauthenticated,
    Forbidden,
    RateLimited,
    UnsupportedType,
    UnsupportedEncoding,
    NotFound,
    MethodNotAllowed,
    Looped,
}

internal sealed class RefusedException(Refusal refusal, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    public Refusal Refusal { get; } = refusal;

    /// <summary>When to retry, if that is known.</summary>
    public int? RetrySeconds { get; init; }
}
