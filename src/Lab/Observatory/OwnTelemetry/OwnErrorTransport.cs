using Platform.Observatory.Envelopes;
using Platform.Observatory.Receiving;
using Sentry.Extensibility;

namespace Platform.Observatory.OwnTelemetry;

/// <summary>
/// Passes the SDK's envelopes to the intake in process. The intake writes to the log, which this is a part of, so it is resolved lazily.
/// </summary>
internal sealed class OwnErrorTransport(IServiceProvider services, TimeProvider time) : ITransport
{
    public async Task SendEnvelopeAsync(Sentry.Protocol.Envelopes.Envelope envelope, CancellationToken cancellationToken = default)
    {
        using var buffer = new MemoryStream();
        await envelope.SerializeAsync(buffer, logger: null, cancellationToken);

        try
        {
            services.GetRequiredService<EnvelopeIntake>().Accept(EnvelopeReader.Read(buffer.ToArray()), time.GetUtcNow());
        }
        catch (RefusedException)
        {
            // The intake's limits apply to our own errors too; reporting that would be one more.
        }
    }
}
