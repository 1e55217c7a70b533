using System.Net;
using Xunit;

namespace StackExchange.Redis.Tests;

public sealed class ConfigurationOptionsTests
{
    [Fact]
    public void Parse_ConnectionStringOfAspire_ReadsEveryPart()
    {
        var options = ConfigurationOptions.Parse(
            "localhost:6380,password=a=b/+,abortConnect=false,syncTimeout=100,connectTimeout=200,defaultDatabase=2,name=me,user=u");

        Assert.Equal(new DnsEndPoint("localhost", 6380), Assert.Single(options.EndPoints));
        Assert.Equal("a=b/+", options.Password);
        Assert.False(options.AbortOnConnectFail);
        Assert.Equal(100, options.AsyncTimeout);
        Assert.Equal(200, options.ConnectTimeout);
        Assert.Equal(2, options.DefaultDatabase);
        Assert.Equal("me", options.ClientName);
        Assert.Equal("u", options.User);
        Assert.DoesNotContain("a=b", options.ToString(includePassword: false), StringComparison.Ordinal);
        Assert.Equal($"{options}", ConfigurationOptions.Parse($"{options}").ToString());
    }

    [Theory]
    [InlineData("redis", "redis:6379")]
    [InlineData("10.0.0.1:7000", "10.0.0.1:7000")]
    [InlineData("[::1]:7000", "[::1]:7000")]
    public void Parse_EndPoint_DefaultsThePort(string text, string expected)
        => Assert.StartsWith($"{expected},", $"{ConfigurationOptions.Parse(text)}", StringComparison.Ordinal);

    [Theory]
    [InlineData("localhost:port")]
    [InlineData("localhost,allowAdmin=true")]
    [InlineData("localhost,ssl=maybe")]
    public void Parse_WhatItCannotHonour_Throws(string text)
        => Assert.Throws<ArgumentException>(() => ConfigurationOptions.Parse(text));

    [Fact]
    public async Task ConnectAsync_Tls_NamesTheRealPackage()
    {
        var exception = await Assert.ThrowsAsync<NotSupportedException>(() => ConnectionMultiplexer.ConnectAsync("localhost,ssl=true"));

        Assert.Contains("StackExchange.Redis", exception.Message, StringComparison.Ordinal);
    }
}
