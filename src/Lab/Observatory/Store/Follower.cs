using System.Threading.Channels;

namespace Platform.Observatory.Store;

/// <summary>
/// One reader of the live stream. A reader that falls behind by Capacity records is disconnected: it must not slow the store down, and a
/// stream with a silent gap would be worse than one that ends.
/// </summary>
internal sealed class Follower<TRecord>
{
    private const int Capacity = 4_096;

    private readonly Channel<TRecord> _channel = Channel.CreateBounded<TRecord>(
        new BoundedChannelOptions(Capacity) { SingleReader = true, SingleWriter = true }
    );

    public ChannelReader<TRecord> Reader => _channel.Reader;

    /// <summary>False when the reader has fallen behind and is disconnected.</summary>
    public bool Offer(TRecord record)
    {
        if (_channel.Writer.TryWrite(record))
        {
            return true;
        }

        _channel.Writer.TryComplete(new FollowerLaggedException());
        return false;
    }
}

internal sealed class FollowerLaggedException() : Exception("The reader of the live stream fell too far behind.");
