using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;

namespace Platform.Observatory.Tests;

/// <summary>Somebody at the pages about resources: keeps the cookie, finds the token, waits for what will come.</summary>
internal sealed class ResourceBrowser(ObservatoryProcess process)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    public string Cookie { get; private set; } = "";

    public string Token { get; private set; } = "";

    public async Task<string> GetAsync(string path, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var request = Request(HttpMethod.Get, path);
        using var response = await process.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return await ReadAsync(response, expected);
    }

    /// <summary>The answer and, for a redirect, the page it leads to.</summary>
    public async Task<string> PostAsync(string path, HttpStatusCode expected, params (string Name, string Value)[] fields)
    {
        using var response = await SendAsync(path, [], [("token", Token), .. fields]);
        var text = await ReadAsync(response, expected);
        return response.Headers.Location is { } next ? await GetAsync(next.ToString()) : text;
    }

    public async Task<HttpResponseMessage> SendAsync(string path, (string Name, string Value)[] headers, (string Name, string Value)[] fields)
    {
        using var request = Request(HttpMethod.Post, path);
        request.Content = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));

        foreach (var (name, value) in headers)
        {
            request.Headers.Remove(name);
            request.Headers.Add(name, value);
        }

        return await process.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>The list, once it holds what is waited for.</summary>
    public async Task<JsonNode> UntilAsync(Func<JsonNode, bool> holds, string path = "/api/resources")
    {
        var clock = Stopwatch.StartNew();

        while (true)
        {
            var seen = await process.GetJsonAsync(path);

            if (holds(seen))
            {
                return seen;
            }

            Assert.True(clock.Elapsed < Limit, $"Not within {Limit.TotalSeconds} s; last seen: {seen.ToJsonString()}");
            await Task.Delay(Interval, TestContext.Current.CancellationToken);
        }
    }

    public Task<JsonNode> UntilConnectedAsync() => UntilAsync(list => (string?)list["connection"]!["state"] == "Connected");

    private HttpRequestMessage Request(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, path);

        if (Cookie.Length > 0)
        {
            request.Headers.Add("Cookie", Cookie);
        }

        return request;
    }

    private async Task<string> ReadAsync(HttpResponseMessage response, HttpStatusCode expected)
    {
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode == expected, $"{(int)response.StatusCode} {text}");

        if (response.Headers.TryGetValues("Set-Cookie", out var cookies))
        {
            Cookie = cookies.Single().Split(';')[0];
        }

        const string Field = "name=\"token\" value=\"";
        Token = text.Contains(Field, StringComparison.Ordinal) ? text.Split(Field)[1].Split('"')[0] : Token;
        return text;
    }
}
