using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Aspire.Hosting.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.Tests.Dashboard;

internal sealed record CallOutcome(int Status, string Message);

/// <summary>A dashboard that knows only the contract: gRPC framed by hand, fields by number.</summary>
internal sealed class DashboardClient : IDisposable
{
    private const int HeaderBytes = 5;

    private readonly HttpClient _http;

    public DashboardClient(TestApp app, string? key = null)
    {
        var configuration = app.App.Services.GetRequiredService<IConfiguration>();
        _http = new HttpClient(new SocketsHttpHandler())
        {
            BaseAddress = new Uri(configuration["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"]!),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if ((key ?? configuration["AppHost:ResourceService:ApiKey"]) is { Length: > 0 } value)
        {
            _http.DefaultRequestHeaders.Add("x-resource-service-api-key", value);
        }
    }

    public async Task<WireMessage> CallAsync(string method, WireRequest request)
    {
        using var stream = await OpenAsync(method, request);
        var answer = await stream.NextAsync() ?? throw new InvalidDataException($"No message: {stream.Outcome}");
        Assert.Null(await stream.NextAsync());
        Assert.Equal(new CallOutcome(0, ""), stream.Outcome);
        return answer;
    }

    public async Task<CallOutcome> OutcomeAsync(string method, WireRequest request)
    {
        using var stream = await OpenAsync(method, request);
        Assert.Null(await stream.NextAsync());
        return stream.Outcome;
    }

    public async Task<DashboardStream> OpenAsync(string method, WireRequest request) => await OpenAsync(method, Frame(request.Bytes));

    public async Task<DashboardStream> OpenAsync(string method, byte[] body)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, $"/aspire.v1.DashboardService/{method}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, Limit.Token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return new DashboardStream(response, await response.Content.ReadAsStreamAsync(Limit.Token));
    }

    public void Dispose() => _http.Dispose();

    private static byte[] Frame(byte[] message)
    {
        var frame = new byte[HeaderBytes + message.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Length);
        message.CopyTo(frame, HeaderBytes);
        return frame;
    }

    internal sealed class DashboardStream(HttpResponseMessage response, Stream body) : IDisposable
    {
        /// <summary>Known after the last message.</summary>
        public CallOutcome Outcome => new(int.Parse(Header("grpc-status"), null), Uri.UnescapeDataString(Header("grpc-message")));

        /// <summary>Null at the end of the call.</summary>
        public async Task<WireMessage?> NextAsync()
        {
            var header = new byte[HeaderBytes];
            if (await body.ReadAtLeastAsync(header, HeaderBytes, throwOnEndOfStream: false, Limit.Token) == 0)
            {
                return null;
            }

            Assert.Equal(0, header[0]);
            var message = new byte[BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(1))];
            await body.ReadExactlyAsync(message, Limit.Token);
            return new WireMessage(message);
        }

        public void Dispose()
        {
            body.Dispose();
            response.Dispose();
        }

        private string Header(string name) =>
            response.TrailingHeaders.TryGetValues(name, out var trailers) ? trailers.Single()
            : response.Headers.TryGetValues(name, out var headers) ? headers.Single()
            : name == "grpc-status" ? throw new InvalidDataException("No status.") : "";
    }
}
