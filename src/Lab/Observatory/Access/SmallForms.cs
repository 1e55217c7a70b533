using Microsoft.AspNetCore.Mvc;

namespace Platform.Observatory.Access;

internal static class SmallForms
{
    // Names and values of a few fields, the longest of which is an address or a token.
    private const int MaxFormBytes = 8 << 10;

    /// <summary>Bounds the body of a form, which is read before anyone has signed in.</summary>
    public static RouteHandlerBuilder WithSmallForm(this RouteHandlerBuilder endpoint) =>
        endpoint.WithMetadata(new RequestSizeLimitAttribute(MaxFormBytes));
}
