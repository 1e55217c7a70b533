using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Google.Protobuf;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Bench;

/// <summary>
/// Export requests of 512 spans, as the .NET SDK sends them: one process each, many traces in each, a trace in four processes. Constant
/// parts are serialized once, and ids and times patched into a copy, so that the sender uses little CPU.
/// </summary>
internal sealed class SpanBatches
{
    public const int SpansPerBatch = 512;
    public const int SpansPerService = 4;
    public const int TracesPerBatch = SpansPerBatch / SpansPerService;
    private const int Variants = 8;
    private const int RequestIdDigits = 32;
    private const ulong Millisecond = 1_000_000;

    private readonly Template[] _templates;

    public SpanBatches() =>
        _templates = [
            .. Enumerable
                .Range(0, Variants)
                .SelectMany(variant => SpanTemplates.Services.Select(service => new Template(service, variant))),
        ];

    public static int SpansPerTrace => SpansPerService * SpanTemplates.Services.Length;

    /// <summary>Average bytes of a span as it is sent.</summary>
    public double BytesPerSpan => _templates.Average(template => template.Bytes.Length) / SpansPerBatch;

    /// <summary>Batches 0 to 3 hold the traces 0 to 127 in the four services, 4 to 7 the next, and so on.</summary>
    public byte[] Make(int batch)
    {
        var template = _templates[batch % _templates.Length];
        var bytes = template.Bytes.ToArray();
        var service = batch % SpanTemplates.Services.Length;
        var firstTrace = batch / SpanTemplates.Services.Length * TracesPerBatch;
        var now = (ulong)(DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100;

        for (var index = 0; index < SpansPerBatch; index++)
        {
            var trace = firstTrace + (index / SpansPerService);
            Fill(bytes.AsSpan(template.Offsets[index]), trace, (service * SpansPerService) + (index % SpansPerService), now);
        }

        return bytes;
    }

    public static UInt128 TraceId(int trace) => new(Mix((ulong)trace), Mix((ulong)trace + 0x5DEE_CE66));

    public static string RequestId(int trace) => TraceId(trace).ToString("x32", CultureInfo.InvariantCulture)[..16] + "0123456789abcdef";

    // The fields in the order in which Template.Head wrote them.
    private static void Fill(Span<byte> head, int trace, int position, ulong now)
    {
        BinaryPrimitives.WriteUInt128BigEndian(head[2..], TraceId(trace));
        BinaryPrimitives.WriteUInt64BigEndian(head[20..], SpanId(trace, position));
        BinaryPrimitives.WriteUInt64BigEndian(
            head[30..],
            position == 0 ? 0 : SpanId(trace, position % SpansPerService == 0 ? 0 : position - (position % SpansPerService))
        );
        var start = now - (((ulong)(SpansPerTrace - position) + 1) * 3 * Millisecond);
        BinaryPrimitives.WriteUInt64LittleEndian(head[39..], start);
        BinaryPrimitives.WriteUInt64LittleEndian(head[48..], start + ((ulong)(1 + ((trace + position) % 50)) * Millisecond));

        // Random like real span ids; digits alone might look like a card number.
        Encoding.ASCII.GetBytes(RequestId(trace), head.Slice(Template.HeadBytes - RequestIdDigits, RequestIdDigits));
    }

    private static ulong SpanId(int trace, int position) => Mix(((ulong)trace * 64) + (ulong)position + 0xABCD_0000_0000) | 1;

    // SplitMix64: ids as random as those of an SDK, but reproducible for the queries.
    private static ulong Mix(ulong value)
    {
        value = (value + 1) * 0x9E37_79B9_7F4A_7C15;
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
        return value ^ (value >> 31);
    }

    private sealed class Template
    {
        public static readonly int HeadBytes = Head().Length;

        public Template(string service, int variant)
        {
            using var spans = new MemoryStream();
            using var output = new CodedOutputStream(spans);
            WriteField(output, 1, new InstrumentationScope { Name = "Platform." + service, Version = "1.0.0" }.ToByteArray());
            var offsets = new List<int>();

            for (var trace = 0; trace < TracesPerBatch; trace++)
            {
                foreach (var span in SpanTemplates.Of(service, (variant * TracesPerBatch) + trace))
                {
                    byte[] body = [.. Head(), .. span.ToByteArray()];
                    WriteField(output, 2, body);
                    output.Flush();
                    offsets.Add((int)spans.Length - body.Length);
                }
            }

            var resource = Field(1, SpanTemplates.ResourceOf(service, variant % 2).ToByteArray());
            var scope = Field(2, spans.ToArray());
            Bytes = Field(1, [.. resource, .. scope]);
            Offsets = [.. offsets.Select(offset => Bytes.Length - (int)spans.Length + offset)];
        }

        public byte[] Bytes { get; }

        public IReadOnlyList<int> Offsets { get; }

        private static byte[] Head() =>
            [
                .. Field(1, new byte[16]),
                .. Field(2, new byte[8]),
                .. Field(4, new byte[8]),
                (7 << 3) | 1,
                .. new byte[8],
                (8 << 3) | 1,
                .. new byte[8],
                .. Field(
                    9,
                    new KeyValue
                    {
                        Key = "request.id",
                        Value = new AnyValue { StringValue = new string('0', RequestIdDigits) },
                    }.ToByteArray()
                ),
            ];

        private static byte[] Field(int number, byte[] value)
        {
            using var buffer = new MemoryStream();
            using var output = new CodedOutputStream(buffer);
            WriteField(output, number, value);
            output.Flush();
            return buffer.ToArray();
        }

        private static void WriteField(CodedOutputStream output, int number, byte[] value)
        {
            output.WriteTag(number, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(value));
        }
    }
}
