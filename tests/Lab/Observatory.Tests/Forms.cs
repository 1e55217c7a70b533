using System.Net;
using System.Text.RegularExpressions;

namespace Platform.Observatory.Tests;

/// <summary>Posts a form like a browser: reads its page, and sends the hidden token and the cookie back.</summary>
internal static partial class Forms
{
    private const string TokenField = "__RequestVerificationToken";

    public static async Task<HttpResponseMessage> PostAsync(
        ObservatoryProcess process,
        string page,
        string action,
        params (string Name, string Value)[] fields
    )
    {
        using var shown = await process.Http.GetAsync(new Uri(page, UriKind.Relative), TestContext.Current.CancellationToken);
        var token = Token().Match(await shown.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.True(token.Success, $"{page} ({(int)shown.StatusCode}) has no form with a token.");
        using var request = new HttpRequestMessage(HttpMethod.Post, action);
        request.Content = new FormUrlEncodedContent(
            fields
                .Append((TokenField, WebUtility.HtmlDecode(token.Groups[1].Value)))
                .Select(field => KeyValuePair.Create(field.Item1, field.Item2))
        );
        request.Headers.Add("Cookie", shown.Headers.GetValues("Set-Cookie").Select(cookie => cookie.Split(';')[0]));
        return await process.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>The same from another site, which has neither.</summary>
    public static async Task<HttpResponseMessage> PostFromElsewhereAsync(
        ObservatoryProcess process,
        string action,
        params (string Name, string Value)[] fields
    )
    {
        using var form = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        return await process.Http.PostAsync(new Uri(action, UriKind.Relative), form, TestContext.Current.CancellationToken);
    }

    /// <summary>The cookie whose name begins so, as a browser sends it back.</summary>
    public static string? CookieOf(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues("Set-Cookie", out var cookies)
            ? cookies.FirstOrDefault(cookie => cookie.StartsWith(name, StringComparison.Ordinal))
            : null;

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex Token();
}
