using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Platform.Outside.Tests.Support;

namespace Platform.Outside.Tests;

public sealed class ChatCompletionTests
{
    private const string Prompt = "Order of 1299.00 EUR, first order of this customer, 2 declined attempts.";

    [Fact]
    public async Task Completion_SamePromptTwice_GetsTheSameAnswer()
    {
        await using var llm = await Company.StartLlmAsync();

        var first = await CompleteAsync(llm, Prompt);
        var second = await CompleteAsync(llm, Prompt);

        Assert.Equal(TextOf(first), TextOf(second));
        Assert.StartsWith("Risk 80 of 100 (high).", TextOf(first), StringComparison.Ordinal);
        Assert.Equal("stop", first.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal("pebble-mini", first.GetProperty("model").GetString());
        var usage = first.GetProperty("usage");
        Assert.Equal(
            usage.GetProperty("total_tokens").GetInt32(),
            usage.GetProperty("prompt_tokens").GetInt32() + usage.GetProperty("completion_tokens").GetInt32()
        );
    }

    [Fact]
    public async Task Completion_HarmlessPrompt_WeighsLess()
    {
        await using var llm = await Company.StartLlmAsync();

        var answer = await CompleteAsync(llm, "Order of 12.99 EUR from a returning customer.");

        Assert.StartsWith("Risk 0 of 100 (low).", TextOf(answer), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Completion_Streamed_AddsUpToTheWholeAnswer()
    {
        await using var llm = await Company.StartLlmAsync();
        var whole = await CompleteAsync(llm, Prompt);

        using var response = await PostAsync(
            llm,
            new
            {
                model = "pebble-mini",
                stream = true,
                stream_options = new { include_usage = true },
                messages = User(Prompt),
            }
        );
        var events = (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split(
            "\n\n",
            StringSplitOptions.RemoveEmptyEntries
        );

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("data: [DONE]", events[^1]);
        JsonElement[] chunks = [.. events[..^1].Select(line => JsonSerializer.Deserialize<JsonElement>(line["data: ".Length..]))];
        var text = string.Concat(
            chunks[..^1]
                .Select(chunk => chunk.GetProperty("choices")[0].GetProperty("delta"))
                .Select(delta => delta.TryGetProperty("content", out var content) ? content.GetString() : "")
        );
        Assert.Equal(TextOf(whole), text);
        Assert.Equal("stop", chunks[^2].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal(whole.GetProperty("usage").ToString(), chunks[^1].GetProperty("usage").ToString());
    }

    [Fact]
    public async Task Completion_TokenLimit_CutsTheAnswerAndSaysSo()
    {
        await using var llm = await Company.StartLlmAsync();

        using var response = await PostAsync(
            llm,
            new
            {
                model = "pebble-mini",
                max_completion_tokens = 3,
                messages = User(Prompt),
            }
        );
        var answer = await Company.JsonOf(response);

        Assert.Equal("length", answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal(3, answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task Completion_ContentAsParts_IsReadAsText()
    {
        await using var llm = await Company.StartLlmAsync();
        object[] messages = [new { role = "user", content = new[] { new { type = "text", text = Prompt } } }];

        using var response = await PostAsync(llm, new { model = "pebble-mini", messages });

        Assert.StartsWith("Risk 80 of 100", TextOf(await Company.JsonOf(response)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Completion_UnknownModel_IsNotFoundInTheUsualFormat()
    {
        await using var llm = await Company.StartLlmAsync();

        using var response = await PostAsync(llm, new { model = "boulder", messages = User(Prompt) });

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("model_not_found", (await Company.JsonOf(response)).GetProperty("error").GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"x"}]}""", "model")]
    [InlineData("""{"model":"pebble-mini","messages":[]}""", "messages")]
    [InlineData("""{"model":"pebble-mini","messages":[null]}""", "messages")]
    [InlineData("""{"model":"pebble-mini","messages":[{"role":"user"}]}""", "messages")]
    [InlineData("""{"model":"pebble-mini","messages":[{"role":"user","content":"x"}],"n":2}""", "n")]
    public async Task Completion_BadRequest_NamesTheParameter(string body, string param)
    {
        await using var llm = await Company.StartLlmAsync();

        using var response = await llm.Client.PostAsync(
            "/v1/chat/completions",
            new StringContent(body),
            TestContext.Current.CancellationToken
        );

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(param, (await Company.JsonOf(response)).GetProperty("error").GetProperty("param").GetString());
    }

    [Fact]
    public async Task Completion_OverTheLimit_IsRefusedInTheUsualFormat()
    {
        await using var llm = await Company.StartLlmAsync();
        await llm.BehaveAsync(new { errorRate = 1, errorStatus = 429 });

        using var response = await PostAsync(llm, new { model = "pebble-mini", messages = User(Prompt) });

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal("rate_limit_exceeded", (await Company.JsonOf(response)).GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task Models_WithTheKey_AreListedAndWithoutItRefused()
    {
        await using var llm = await Company.StartLlmAsync();

        using var listed = await llm.Client.GetAsync("/v1/models", TestContext.Current.CancellationToken);
        llm.Client.DefaultRequestHeaders.Authorization = null;
        using var refused = await llm.Client.GetAsync("/v1/models", TestContext.Current.CancellationToken);

        Assert.Equal("pebble-mini", (await Company.JsonOf(listed)).GetProperty("data")[0].GetProperty("id").GetString());
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("invalid_api_key", (await Company.JsonOf(refused)).GetProperty("error").GetProperty("code").GetString());
    }

    private static object[] User(string content) =>
        [new { role = "system", content = "Weigh the risk of mismatch." }, new { role = "user", content }];

    private static Task<HttpResponseMessage> PostAsync(Company llm, object body) =>
        llm.Client.PostAsJsonAsync("/v1/chat/completions", body, TestContext.Current.CancellationToken);

    private static async Task<JsonElement> CompleteAsync(Company llm, string prompt)
    {
        using var response = await PostAsync(llm, new { model = "pebble-mini", messages = User(prompt) });
        response.EnsureSuccessStatusCode();
        return await Company.JsonOf(response);
    }

    private static string TextOf(JsonElement completion) =>
        completion.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
}
