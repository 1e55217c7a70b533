using System.Text.Unicode;
using Google.Protobuf.Reflection;
using Platform.Observatory.Receiving;

namespace Platform.Observatory.Otlp;

/// <summary>
/// Walks protobuf bytes before they are parsed, for what the parser lets through: text that is not UTF-8 (it would be replaced silently)
/// and small bodies that expand into millions of objects (an empty message is 2 bytes here and 300 as an object).
/// </summary>
internal static class WireCheck
{
    public const int MaxMessages = 1_000_000;

    /// <summary>The parser's own limit.</summary>
    private const int MaxDepth = 100;

    // One entry for each message type of the protocol.
    private static readonly Dictionary<MessageDescriptor, Shape> Shapes = [];

    /// <summary>
    /// True when the parser would drop nothing, where text could hide: no unknown field, no field of another wire type than its own, and no
    /// field that occurs again and replaces the first.
    /// </summary>
    public static bool Check(ReadOnlySpan<byte> bytes, MessageDescriptor descriptor)
    {
        var walk = new Walk { Left = MaxMessages };
        Check(bytes, Shape.Of(descriptor), MaxDepth, ref walk);
        return !walk.HasUnknown;
    }

    private static void Check(ReadOnlySpan<byte> bytes, Shape shape, int depth, ref Walk walk)
    {
        if (depth == 0)
        {
            throw new RefusedException(Refusal.Malformed, "The message is nested too deeply.");
        }

        if (--walk.Left < 0)
        {
            throw new RefusedException(Refusal.TooLarge, $"The request has more than {MaxMessages} parts.");
        }

        var once = 0UL;

        while (bytes.Length > 0)
        {
            var tag = ReadVarint(ref bytes);
            var field = tag >> 3;

            if (field is 0 or > 0x1FFF_FFFF)
            {
                throw Malformed();
            }

            var bit = shape.OnceBit(field);
            walk.HasUnknown |= (once & bit) != 0;
            once |= bit;

            switch (tag & 7)
            {
                case 0:
                    ReadVarint(ref bytes);
                    break;
                case 1:
                    Take(ref bytes, 8);
                    break;
                case 2:
                    CheckField(Take(ref bytes, ReadVarint(ref bytes)), shape, (int)field, depth, ref walk);
                    break;
                case 5:
                    Take(ref bytes, 4);
                    break;
                default:
                    // 3 and 4 are groups, which proto3 cannot write; 6 and 7 do not exist.
                    throw Malformed();
            }
        }
    }

    private static void CheckField(ReadOnlySpan<byte> value, Shape shape, int field, int depth, ref Walk walk)
    {
        if (shape.IsText(field))
        {
            if (!Utf8.IsValid(value))
            {
                throw new RefusedException(Refusal.Malformed, "A text is not valid UTF-8.");
            }
        }
        else if (shape.Child(field) is { } child)
        {
            Check(value, child, depth - 1, ref walk);
        }
        else if (!shape.Knows(field))
        {
            walk.HasUnknown = true;
        }
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> bytes, ulong count)
    {
        if (count > (ulong)bytes.Length)
        {
            throw Malformed();
        }

        var taken = bytes[..(int)count];
        bytes = bytes[(int)count..];
        return taken;
    }

    private static ulong ReadVarint(ref ReadOnlySpan<byte> bytes)
    {
        var value = 0UL;

        for (var index = 0; index < 10 && index < bytes.Length; index++)
        {
            value |= (ulong)(bytes[index] & 0x7F) << (7 * index);

            if (bytes[index] < 0x80)
            {
                bytes = bytes[(index + 1)..];
                return value;
            }
        }

        throw Malformed();
    }

    private static RefusedException Malformed() => new(Refusal.Malformed, "The body is not a valid protobuf message.");

    private struct Walk
    {
        public int Left { get; set; }

        public bool HasUnknown { get; set; }
    }

    private sealed class Shape
    {
        private readonly Shape?[] _children;
        private readonly bool[] _texts;
        private readonly bool[] _known;
        private readonly ulong[] _onceBits;

        private Shape(MessageDescriptor descriptor)
        {
            var fields = descriptor.Fields.InFieldNumberOrder();
            var size = fields.Count == 0 ? 0 : fields[^1].FieldNumber + 1;
            _children = new Shape?[size];
            _texts = new bool[size];
            _known = new bool[size];
            _onceBits = new ulong[size];
        }

        private void Fill(MessageDescriptor descriptor)
        {
            foreach (var field in descriptor.Fields.InFieldNumberOrder())
            {
                _known[field.FieldNumber] = field.IsPacked || field.FieldType is FieldType.String or FieldType.Bytes or FieldType.Message;
                _texts[field.FieldNumber] = field.FieldType == FieldType.String;
                _children[field.FieldNumber] = field.FieldType == FieldType.Message ? Of(field.MessageType) : null;

                // The fields of a oneof replace each other, and share the bit of the first. No field number here is 64 or more.
                _onceBits[field.FieldNumber] = field.IsRepeated
                    ? 0
                    : 1UL << (field.ContainingOneof?.Fields[0].FieldNumber ?? field.FieldNumber);
            }
        }

        // Registered before its children are, since AnyValue is recursive.
        public static Shape Of(MessageDescriptor descriptor)
        {
            lock (Shapes)
            {
                if (!Shapes.TryGetValue(descriptor, out var shape))
                {
                    Shapes.Add(descriptor, shape = new Shape(descriptor));
                    shape.Fill(descriptor);
                }

                return shape;
            }
        }

        /// <summary>True for a length-delimited field.</summary>
        public bool Knows(int field) => field < _known.Length && _known[field];

        public bool IsText(int field) => field < _texts.Length && _texts[field];

        public Shape? Child(int field) => field < _children.Length ? _children[field] : null;

        public ulong OnceBit(ulong field) => field < (ulong)_onceBits.Length ? _onceBits[field] : 0;
    }
}
