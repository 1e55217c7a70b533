using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Platform.Observatory.Receiving;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Envelopes;

/// <summary>
/// POST /api/{project}/envelope/ and /store/, as Sentry SDKs expect them. The content type is ignored: some SDKs send none, and browsers
/// send text/plain to avoid a preflight. Success must be 200, or SDKs log an error.
/// </summary>
internal sealed partial class EnvelopeHttp(
    EnvelopeIntake intake,
    SentryKeys keys,
    BodyBudget budget,
    RefusalLog refusals,
    TimeProvider time,
    IOptions<ObservatoryOptions> options
)
{
    /// <summary>How long an SDK backs off when Observatory is overloaded.</summary>
    private const int OverloadSeconds = 10;

    private const string AllowedHeaders =
        "x-sentry-auth, x-requested-with, x-forwarded-for, origin, referer, accept, content-type, content-encoding, "
        + "authentication, authorization, sentry-trace, baggage, traceparent, tracestate";

    public static bool IsEnvelope(HttpContext context) => EndpointPath().IsMatch(context.Request.Path.Value ?? "");

    public async Task HandleAsync(HttpContext context)
    {
        AddCrossOriginHeaders(context);

        if (HttpMethods.IsOptions(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        try
        {
            var id = await ReadAsync(context);
            await WriteAsync(
                context,
                StatusCodes.Status200OK,
                writer =>
                {
                    if (id is not null)
                    {
                        writer.WriteString("id", id);
                    }
                }
            );
        }
        catch (RefusedException refused)
        {
            refusals.Add(refused, context);
            await RefuseAsync(context, refused);
        }
    }

    private async Task<string?> ReadAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            throw new RefusedException(Refusal.MethodNotAllowed, "Envelopes are sent by POST.");
        }

        var hasKey = keys.CheckRequest(context.Request);
        var decompress = Decompression(context.Request);
        var limits = options.Value;

        if (context.Request.ContentLength > limits.MaxEnvelopeBytes)
        {
            throw TooLarge(limits.MaxEnvelopeBytes);
        }

        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        using var body = new PooledBody(budget, limits.MaxEnvelopeBytes);
        await body.FillAsync(context.Request.Body, context.RequestAborted);

        if (decompress is null)
        {
            return Accept(context, body.Bytes, hasKey);
        }

        using var plain = new PooledBody(budget, limits.MaxEnvelopeDecompressedBytes);
        await plain.FillDecompressedAsync(body.Bytes, decompress, context.RequestAborted);
        return Accept(context, plain.Bytes, hasKey);
    }

    private string? Accept(HttpContext context, ArraySegment<byte> body, bool hasKey)
    {
        var isStore = context.Request.Path.Value!.TrimEnd('/').EndsWith("/store", StringComparison.Ordinal);
        var envelope = isStore ? new Envelope(null, null, [new EnvelopeItem(EnvelopeIntake.EventType, body)]) : EnvelopeReader.Read(body);
        keys.CheckEnvelope(envelope.Dsn, hasKey);
        return intake.Accept(envelope, time.GetUtcNow());
    }

    private static Func<Stream, Stream>? Decompression(HttpRequest request) =>
        request.Headers.ContentEncoding.ToString().ToLowerInvariant() switch
        {
            "" or "identity" => null,
            "gzip" or "x-gzip" => source => new GZipStream(source, CompressionMode.Decompress),
            "deflate" => source => new ZLibStream(source, CompressionMode.Decompress),
            "br" => source => new BrotliStream(source, CompressionMode.Decompress),
            _ => throw new RefusedException(Refusal.UnsupportedEncoding, "The content encoding must be gzip, deflate or br."),
        };

    private static async Task RefuseAsync(HttpContext context, RefusedException refused)
    {
        var status = refused.Refusal switch
        {
            Refusal.Malformed => StatusCodes.Status400BadRequest,
            Refusal.TooLarge => StatusCodes.Status413PayloadTooLarge,
            Refusal.Overloaded or Refusal.RateLimited => StatusCodes.Status429TooManyRequests,
            Refusal.Unauthenticated => StatusCodes.Status401Unauthorized,
            Refusal.Forbidden => StatusCodes.Status403Forbidden,
            Refusal.MethodNotAllowed => StatusCodes.Status405MethodNotAllowed,
            _ => StatusCodes.Status415UnsupportedMediaType,
        };
        var headers = context.Response.Headers;

        if (status == StatusCodes.Status429TooManyRequests)
        {
            // Whole seconds and all fields, since sentry-dotnet does not validate them. An empty category means all categories.
            var seconds = (refused.RetrySeconds ?? OverloadSeconds).ToString(CultureInfo.InvariantCulture);
            headers["X-Sentry-Rate-Limits"] =
                refused.Refusal == Refusal.RateLimited
                    ? $"{seconds}:error:organization:too_many_events"
                    : $"{seconds}::organization:overloaded";
            headers.RetryAfter = seconds;
        }
        else if (status == StatusCodes.Status405MethodNotAllowed)
        {
            headers.Allow = HttpMethods.Post;
        }
        else if (status == StatusCodes.Status415UnsupportedMediaType)
        {
            headers.AcceptEncoding = "gzip, deflate, br";
        }

        headers["X-Sentry-Error"] = refused.Message;
        await WriteAsync(
            context,
            status,
            writer =>
            {
                writer.WriteString("detail", refused.Message);
                writer.WriteStartArray("causes");

                for (var cause = refused.InnerException; cause is not null; cause = cause.InnerException)
                {
                    writer.WriteStringValue(cause.GetType().Name);
                }

                writer.WriteEndArray();
            }
        );
    }

    private static async Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();

        await using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = buffer.Length;
        await context.Response.Body.WriteAsync(buffer.ToArray(), context.RequestAborted);
    }

    // DSN keys are public and no cookies are involved, so any origin may report errors.
    private static void AddCrossOriginHeaders(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.AccessControlAllowOrigin = "*";
        headers.AccessControlExposeHeaders = "x-sentry-error, x-sentry-rate-limits, retry-after";
        headers.AccessControlAllowMethods = "POST, OPTIONS";
        headers.AccessControlAllowHeaders = AllowedHeaders;
        headers.AccessControlMaxAge = "3600";
        headers["Cross-Origin-Resource-Policy"] = "cross-origin";
    }

    private static RefusedException TooLarge(int limit) => new(Refusal.TooLarge, $"The body is larger than {limit} bytes.");

    [GeneratedRegex("^/api/[0-9A-Za-z_-]{1,64}/(envelope|store)/?$", RegexOptions.CultureInvariant)]
    private static partial Regex EndpointPath();
}
