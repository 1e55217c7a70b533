namespace Platform.Observatory.Envelopes;

/// <summary>What a Sentry SDK sends in one request: a header and any number of items.</summary>
internal sealed record Envelope(string? EventId, string? Dsn, IReadOnlyList<EnvelopeItem> Items);

internal sealed record EnvelopeItem(string Type, ReadOnlyMemory<byte> Payload);
