using Microsoft.AspNetCore.Http.HttpResults;

namespace Platform.Orders;

internal static class ListProducts
{
    public static IEndpointConventionBuilder MapListProducts(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/products", HandleAsync).WithName("ListProducts");

    internal static async Task<Ok<IReadOnlyList<Product>>> HandleAsync(Catalog catalog, CancellationToken cancellationToken) =>
        TypedResults.Ok(await catalog.GetAsync(cancellationToken));
}
