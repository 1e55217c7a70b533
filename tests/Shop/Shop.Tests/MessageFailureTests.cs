using System.Text.Json;
using Npgsql;
using Platform.Messaging;

namespace Platform.Shop.Tests;

public sealed class MessageFailureTests
{
    [Theory]
    [InlineData("57P01", MessageFailure.Transient)]
    [InlineData("53300", MessageFailure.Transient)]
    [InlineData("40001", MessageFailure.Transient)]
    [InlineData("40P01", MessageFailure.Transient)]
    [InlineData("55000", MessageFailure.Transient)]
    [InlineData("3D000", MessageFailure.Transient)]
    [InlineData("25006", MessageFailure.Transient)]
    [InlineData("28P01", MessageFailure.Transient)]
    [InlineData("28000", MessageFailure.Transient)]
    [InlineData("42501", MessageFailure.Transient)]
    [InlineData("22021", MessageFailure.Permanent)]
    [InlineData("23514", MessageFailure.Permanent)]
    [InlineData("42601", MessageFailure.Crash)]
    public void Classify_OfASqlState_TellsWhatPassesFromWhatDoesNot(string sqlState, object expected) =>
        Assert.Equal((MessageFailure)expected, new PostgresException("refused", "ERROR", "ERROR", sqlState).Classify());

    [Fact]
    public void Classify_OfOtherFailures_TellsThemApart()
    {
        Assert.Equal(MessageFailure.Transient, new NpgsqlException("cut", new IOException()).Classify());
        Assert.Equal(MessageFailure.Permanent, new PoisonMessageException("no such order").Classify());
        Assert.Equal(MessageFailure.Permanent, new JsonException().Classify());
        Assert.Equal(MessageFailure.Crash, new InvalidOperationException().Classify());
    }
}
