namespace Platform.Observatory.Resources;

/// <summary>The resource service answered, and the answer is a refusal or cannot be read. The message is for people.</summary>
internal sealed class ResourceServiceException(string message, GrpcStatus status = GrpcStatus.Unknown, Exception? inner = null) : Exception(message, inner)
{
    public GrpcStatus Status { get; } = status;
}

/// <summary>The outcomes of gRPC that make a difference here.</summary>
internal enum GrpcStatus
{
    Ok = 0,
    Unknown = 2,
    InvalidArgument = 3,
    NotFound = 5,
    Unauthenticated = 16,
}
