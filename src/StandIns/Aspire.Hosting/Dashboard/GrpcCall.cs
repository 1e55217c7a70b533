using System.Buffers.Binary;
using System.Globalization;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace Aspire.Hosting.Dashboard;

internal enum GrpcStatus
{
    Ok = 0,
    InvalidArgument = 3,
    NotFound = 5,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

/// <summary>Ends a call with a status; its message is for the caller.</summary>
internal sealed class GrpcStatusException(GrpcStatus status, string message) : Exception(message)
{
    public GrpcStatus Status { get; } = status;
}

/// <summary>
/// One call of gRPC over HTTP/2, framed by hand (Grpc.AspNetCore is not in every registry). A message is
/// <c>[1 byte: compressed?][4 bytes: length, big-endian][message]</c>; the outcome is in trailers, never in the HTTP status.
/// </summary>
internal sealed class GrpcCall(HttpContext context)
{
    private const int HeaderBytes = 5;

    /// <summary>The one message of a request. Its size is bounded by the server's limit for bodies.</summary>
    public async Task<T> ReadAsync<T>(MessageParser<T> parser, CancellationToken cancellationToken) where T : IMessage<T>
    {
        using var body = new MemoryStream();
        try
        {
            await context.Request.Body.CopyToAsync(body, cancellationToken).ConfigureAwait(false);
            var frame = body.GetBuffer().AsMemory(0, (int)body.Length);
            if (frame.Length < HeaderBytes || BinaryPrimitives.ReadUInt32BigEndian(frame.Span[1..]) != frame.Length - HeaderBytes)
            {
                throw new GrpcStatusException(GrpcStatus.InvalidArgument, "The call must hold exactly one whole message.");
            }

            return frame.Span[0] == 0
                ? parser.ParseFrom(frame.Span[HeaderBytes..])
                : throw new GrpcStatusException(GrpcStatus.Unimplemented, "Compressed messages are not read.");
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or BadHttpRequestException)
        {
            throw new GrpcStatusException(GrpcStatus.InvalidArgument, e.Message);
        }
    }

    /// <summary>Sends a message at once; waits while the client does not read.</summary>
    public async Task WriteAsync(IMessage message, CancellationToken cancellationToken)
    {
        var frame = new byte[HeaderBytes + message.CalculateSize()];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)(frame.Length - HeaderBytes));
        message.WriteTo(frame.AsSpan(HeaderBytes));
        await context.Response.Body.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public void End(GrpcStatus status, string message = "")
    {
        Set("grpc-status", ((int)status).ToString(CultureInfo.InvariantCulture));
        if (message.Length > 0)
        {
            Set("grpc-message", Uri.EscapeDataString(message));
        }

        // Before the first message the headers are the trailers.
        void Set(string name, string value)
        {
            if (context.Response.HasStarted)
            {
                context.Response.AppendTrailer(name, value);
            }
            else
            {
                context.Response.Headers[name] = value;
            }
        }
    }
}
