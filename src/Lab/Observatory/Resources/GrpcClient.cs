using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace Platform.Observatory.Resources;

/// <summary>
/// gRPC over HTTP/2, framed by hand (Grpc.Net.Client is not in every registry). A message is
/// <c>[1 byte: compressed?][4 bytes: length, big-endian][message]</c>; the outcome is in trailers, never in the HTTP status.
/// </summary>
internal sealed class GrpcClient : IDisposable
{
    private const int HeaderBytes = 5;

    // A console batch is a quarter of a megabyte, the first answer of WatchResources holds every resource.
    private const int MaxMessageBytes = 32 << 20;

    private readonly HttpClient _http;
    private readonly Uri _address;

    public GrpcClient(Uri address, string keyHeader, string? key)
    {
        _address = address;
        _http = Create();

        if (!string.IsNullOrEmpty(key))
        {
            _http.DefaultRequestHeaders.Add(keyHeader, key);
        }
    }

    /// <summary>The messages of one call, as they come. Ends with an exception unless the outcome is OK.</summary>
    public async IAsyncEnumerable<T> CallAsync<T>(string method, IMessage request, MessageParser<T> parser, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : IMessage<T>
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(_address, method))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(Frame(request)),
        };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        message.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        using var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

        if (response.StatusCode != HttpStatusCode.OK || response.Content.Headers.ContentType?.MediaType?.StartsWith("application/grpc", StringComparison.Ordinal) != true)
        {
            throw new ResourceServiceException($"{_address} does not speak gRPC (HTTP {(int)response.StatusCode}).");
        }

        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);

        while (await ReadFrameAsync(body, cancellationToken) is { } frame)
        {
            yield return Parse(parser, frame);
        }

        ThrowUnlessOk(response);
    }

    public void Dispose() => _http.Dispose();

    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The client owns its handler.")]
    private static HttpClient Create() => new(new SocketsHttpHandler
    {
        // The AppHost is this machine or a neighbour; a proxy of the environment is for the world outside.
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),

        // A watch is silent for as long as nothing changes; the pings find out that nobody is there any more.
        KeepAlivePingDelay = TimeSpan.FromSeconds(15),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
        EnableMultipleHttp2Connections = true,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private static byte[] Frame(IMessage message)
    {
        var frame = new byte[HeaderBytes + message.CalculateSize()];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)(frame.Length - HeaderBytes));
        message.WriteTo(frame.AsSpan(HeaderBytes));
        return frame;
    }

    private static async Task<byte[]?> ReadFrameAsync(Stream body, CancellationToken cancellationToken)
    {
        var header = new byte[HeaderBytes];
        var read = await body.ReadAtLeastAsync(header, HeaderBytes, throwOnEndOfStream: false, cancellationToken);

        if (read == 0)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(1));

        if (read < HeaderBytes || header[0] != 0 || length > MaxMessageBytes)
        {
            throw new ResourceServiceException(
                read < HeaderBytes ? "The answer ends inside a message." : header[0] != 0 ? "The answer is compressed, which was not asked for." : "A message of the answer is too large.");
        }

        var frame = new byte[length];
        await body.ReadExactlyAsync(frame, cancellationToken);
        return frame;
    }

    private static T Parse<T>(MessageParser<T> parser, byte[] frame)
        where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(frame);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new ResourceServiceException("A message of the answer cannot be read.", inner: e);
        }
    }

    // Without a message there are no trailers: the outcome is in the headers.
    private static void ThrowUnlessOk(HttpResponseMessage response)
    {
        var status = Header("grpc-status");

        if (status == "0")
        {
            return;
        }

        var code = int.TryParse(status, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? (GrpcStatus)number : GrpcStatus.Unknown;
        var text = Uri.UnescapeDataString(Header("grpc-message"));
        throw new ResourceServiceException(text.Length > 0 ? text : status.Length > 0 ? $"The call ended with gRPC status {status}." : "The answer broke off.", code);

        string Header(string name) =>
            response.TrailingHeaders.TryGetValues(name, out var trailers) ? trailers.First()
            : response.Headers.TryGetValues(name, out var headers) ? headers.First()
            : "";
    }
}
