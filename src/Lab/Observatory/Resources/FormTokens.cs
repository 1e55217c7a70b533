using System.Security.Cryptography;
using System.Text;

namespace Platform.Observatory.Resources;

/// <summary>
/// Lets in only forms of our own pages: each holds a token made from a cookie that is the browser's, with a key that is the process's.
/// A form from before a restart is refused, and the page says so.
/// </summary>
internal sealed class FormTokens
{
    public const string FieldName = "token";
    private const string CookieName = "observatory-form";
    private const int MaxFormBytes = 64 << 10;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    public string Issue(HttpContext context)
    {
        if (context.Request.Cookies[CookieName] is { Length: 64 } known)
        {
            return TokenOf(known);
        }

        var cookie = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        context.Response.Cookies.Append(CookieName, cookie, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/resources" });
        return TokenOf(cookie);
    }

    /// <summary>Null when the form is not one of our own, or far larger than those are.</summary>
    public async Task<IFormCollection?> ReadAsync(HttpContext context)
    {
        var request = context.Request;

        // Cookies of localhost belong to every port of it, so another site there could have planted one: the browser says where a form is from.
        if (request.Headers["Sec-Fetch-Site"].ToString() is not ("" or "same-origin") || !request.HasFormContentType || request.ContentLength is not <= MaxFormBytes
            || request.Cookies[CookieName] is not { Length: 64 } cookie)
        {
            return null;
        }

        var form = await request.ReadFormAsync(context.RequestAborted);
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(TokenOf(cookie)), Encoding.UTF8.GetBytes(form[FieldName].ToString())) ? form : null;
    }

    private string TokenOf(string cookie) => Convert.ToHexStringLower(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(cookie)));
}
