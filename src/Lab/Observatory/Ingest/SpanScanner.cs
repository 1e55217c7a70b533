using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;
using Platform.Observatory.Otlp;
using Platform.Observatory.Scrubbing;

namespace Platform.Observatory.Ingest;

/// <summary>
/// Reads a request of spans without parsing plain ones, whose bytes are kept as received. Parsing, scrubbing and serializing a span takes
/// five times as long, and nearly all attributes have been scrubbed before. Unusual spans (with events, links, long values or odd ids) are
/// parsed; with a secret anywhere, the whole request is.
/// </summary>
internal sealed class SpanScanner
{
    /// <summary>Values up to this length have no part that ItemLimits would cut.</summary>
    private const int MaxPieceBytes = ItemLimits.MaxNameBytes;

    /// <summary>Earlier fields have a field of their own in a stored span.</summary>
    private const int FirstKeptField = 9;

    private readonly KnownBytes<ulong> _attributes = new();
    private readonly KnownBytes<string> _names = new();

    /// <summary>Null when the request must be parsed as a whole.</summary>
    public ScannedSpans? Scan(ArraySegment<byte> body)
    {
        if (!WireCheck.Check(body, ExportTraceServiceRequest.Descriptor))
        {
            return null;
        }

        try
        {
            var scan = new Pass(this);
            return scan.Request(body) && scan.IsClean() ? scan.Spans : null;
        }
        catch (InvalidProtocolBufferException)
        {
            // The full parse reports what is wrong.
            return null;
        }
    }

    private sealed class Pass(SpanScanner scanner)
    {
        // New attributes and names, which are scrubbed in one pass; bounded by the request.
        private readonly Resource _newAttributes = new();
        private readonly List<(ArraySegment<byte> Bytes, ulong IdBits)> _newAttributeBytes = [];
        private readonly ScopeSpans _parsed = new();
        private readonly List<(ArraySegment<byte> Bytes, string Name)> _newNames = [];
        private readonly ResourceSpans _origins = new();

        // The byte ranges of one span that are kept; a single one when the sender writes the fields in order. Bounded by its fields.
        private readonly List<(int Start, int End)> _kept = [];

        public ScannedSpans Spans { get; } = new();

        public bool Request(ArraySegment<byte> body)
        {
            var reader = new WireReader(body);

            while (reader.TryReadTag(out var tag))
            {
                if (tag != ((1 << 3) | WireReader.Bytes) || !Group(reader.ReadBytes()))
                {
                    return false;
                }
            }

            return true;
        }

        public bool IsClean()
        {
            var request = new ExportTraceServiceRequest
            {
                ResourceSpans =
                {
                    _origins,
                    new ResourceSpans { Resource = _newAttributes },
                },
            };
            _origins.ScopeSpans.Add(_parsed);

            foreach (var group in Spans.Groups)
            {
                request.ResourceSpans.Add(new ResourceSpans { Resource = group.Resource, SchemaUrl = group.SchemaUrl });
                _origins.ScopeSpans.AddRange(
                    group.Scopes.Select(scope => new ScopeSpans { Scope = scope.Scope, SchemaUrl = scope.SchemaUrl })
                );
            }

            _parsed.Spans.AddRange(_newNames.Select(item => new Span { Name = item.Name }));

            if (OtlpScrubber.Scrub(request))
            {
                return false;
            }

            _newAttributeBytes.ForEach(item => scanner._attributes.Offer(item.Bytes, item.IdBits));
            _newNames.ForEach(item => scanner._names.Offer(item.Bytes, item.Name));
            return true;
        }

        private bool Group(ArraySegment<byte> message)
        {
            var group = new ScannedGroup();
            Spans.Groups.Add(group);

            for (var reader = new WireReader(message); reader.TryReadTag(out var tag); )
            {
                switch (tag)
                {
                    case (1 << 3) | WireReader.Bytes:
                        group.Resource = Resource.Parser.ParseFrom(reader.ReadBytes().AsSpan());
                        break;
                    case (2 << 3) | WireReader.Bytes:
                        if (!Scope(reader.ReadBytes(), group))
                        {
                            return false;
                        }

                        break;
                    case (3 << 3) | WireReader.Bytes:
                        group.SchemaUrl = Encoding.UTF8.GetString(reader.ReadBytes());
                        break;
                    default:
                        return false;
                }
            }

            return true;
        }

        private bool Scope(ArraySegment<byte> message, ScannedGroup group)
        {
            var scope = new ScannedScope();
            group.Scopes.Add(scope);

            for (var reader = new WireReader(message); reader.TryReadTag(out var tag); )
            {
                switch (tag)
                {
                    case (1 << 3) | WireReader.Bytes:
                        scope.Scope = InstrumentationScope.Parser.ParseFrom(reader.ReadBytes().AsSpan());
                        break;
                    case (2 << 3) | WireReader.Bytes:
                        scope.Spans.Add(Span(reader.ReadBytes()));
                        break;
                    case (3 << 3) | WireReader.Bytes:
                        scope.SchemaUrl = Encoding.UTF8.GetString(reader.ReadBytes());
                        break;
                    default:
                        return false;
                }
            }

            return true;
        }

        private ScannedSpan Span(ArraySegment<byte> message)
        {
            if (Plain(message) is { } plain)
            {
                return plain;
            }

            var span = Otlp.Span.Parser.ParseFrom(message.AsSpan());
            _parsed.Spans.Add(span);
            return new ScannedSpan { Parsed = span };
        }

        // Null for anything unusual. The last one of a repeated field wins, as in the parser.
        private ScannedSpan? Plain(ArraySegment<byte> message)
        {
            var span = new ScannedSpan { Name = "" };
            var attributes = 0;
            var start = 0;
            _kept.Clear();

            for (var reader = new WireReader(message); reader.TryReadTag(out var tag); )
            {
                switch (tag)
                {
                    case (1 << 3) | WireReader.Bytes when reader.ReadBytes() is { Count: 16 } id:
                        span.TraceId = BinaryPrimitives.ReadUInt128BigEndian(id);
                        break;
                    case (2 << 3) | WireReader.Bytes when reader.ReadBytes() is { Count: 8 } id:
                        span.SpanId = BinaryPrimitives.ReadUInt64BigEndian(id);
                        break;
                    case (4 << 3) | WireReader.Bytes when reader.ReadBytes() is { Count: 0 or 8 } id:
                        span.ParentId = id.Count == 0 ? 0 : BinaryPrimitives.ReadUInt64BigEndian(id);
                        break;
                    case (5 << 3) | WireReader.Bytes when reader.ReadBytes() is { Count: <= MaxPieceBytes } name:
                        span.Name = Name(name);
                        break;
                    case (6 << 3) | WireReader.Varint:
                        span.Kind = (Span.Types.SpanKind)(int)reader.ReadVarint();
                        break;
                    case (7 << 3) | WireReader.Fixed64:
                        span.Start = reader.ReadFixed64();
                        break;
                    case (8 << 3) | WireReader.Fixed64:
                        span.End = reader.ReadFixed64();
                        break;
                    case (9 << 3) | WireReader.Bytes
                        when ++attributes <= ItemLimits.MaxAttributes && reader.ReadBytes() is { Count: <= MaxPieceBytes } attribute:
                        span.IdBits |= Attribute(attribute);
                        break;
                    case (15 << 3) | WireReader.Bytes when StatusOf(reader.ReadBytes()) is { } status:
                        span.Failed = status == Status.Types.StatusCode.Error;
                        break;
                    case (16 << 3) | WireReader.Fixed32:
                        reader.Skip(tag);
                        break;
                    default:
                        return null;
                }

                if (tag >> 3 >= FirstKeptField)
                {
                    Keep(start, reader.Position);
                }

                start = reader.Position;
            }

            span.Payload = Kept(message);
            return span.TraceId != UInt128.Zero && span.SpanId != 0 && span.End >= span.Start ? span : null;
        }

        private void Keep(int start, int end)
        {
            if (_kept.Count > 0 && _kept[^1].End == start)
            {
                _kept[^1] = (_kept[^1].Start, end);
            }
            else
            {
                _kept.Add((start, end));
            }
        }

        private byte[] Kept(ArraySegment<byte> message)
        {
            var payload = new byte[_kept.Sum(piece => piece.End - piece.Start)];
            var at = 0;

            foreach (var (start, end) in _kept)
            {
                message.AsSpan(start, end - start).CopyTo(payload.AsSpan(at));
                at += end - start;
            }

            return payload;
        }

        private string Name(ArraySegment<byte> bytes)
        {
            if (!scanner._names.TryGet(bytes, out var name))
            {
                name = Encoding.UTF8.GetString(bytes);
                _newNames.Add((bytes, name));
            }

            return name;
        }

        // The bits of an id; 0 for another attribute.
        private ulong Attribute(ArraySegment<byte> bytes)
        {
            if (!scanner._attributes.TryGet(bytes, out var idBits))
            {
                var attribute = KeyValue.Parser.ParseFrom(bytes.AsSpan());
                idBits = RecordIds.BitsOf(attribute);
                _newAttributes.Attributes.Add(attribute);
                _newAttributeBytes.Add((bytes, idBits));
            }

            return idBits;
        }

        // A status message needs scrubbing, so a status that has one is not plain.
        private static Status.Types.StatusCode? StatusOf(ArraySegment<byte> message)
        {
            var code = Status.Types.StatusCode.Unset;

            for (var reader = new WireReader(message); reader.TryReadTag(out var tag); )
            {
                if (tag != ((3 << 3) | WireReader.Varint))
                {
                    return null;
                }

                code = (Status.Types.StatusCode)(int)reader.ReadVarint();
            }

            return code;
        }
    }
}
