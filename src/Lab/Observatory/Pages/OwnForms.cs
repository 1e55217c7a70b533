namespace Platform.Observatory.Pages;

/// <summary>Without a browser token there is no cookie whose SameSite would keep the forms of other sites out.</summary>
internal static class OwnForms
{
    // Names and values of a few fields, the longest of which is an address.
    private const int MaxFormBytes = 8 << 10;

    public static bool IsOwn(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"].ToString() is "" or "same-origin"
        && request.HasFormContentType
        && request.ContentLength is <= MaxFormBytes;
}
