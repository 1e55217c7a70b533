using Microsoft.AspNetCore.Mvc;

namespace Platform.Observatory.Access;

internal static class SmallForms
{
    // A few fields, the longest being an address or a token.
    private const int MaxFormBytes = 8 << 10;

    /// <summary>Limits the form body, which is read before sign-in.</summary>
    public static RouteHandlerBuilder WithSmallForm(this RouteHandlerBuilder endpoint) =>
        endpoint.WithMetadata(new RequestSizeLimitAttribute(MaxFormBytes));
}
