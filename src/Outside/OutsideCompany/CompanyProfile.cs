using Microsoft.AspNetCore.Http;

namespace Platform.OutsideCompany;

/// <summary>What differs between outside companies: keys, size of a request, error format, and whether it takes payments.</summary>
public sealed record CompanyProfile
{
    public required string ApiKey { get; init; }

    public required string AdminKey { get; init; }

    public required int MaxBodyBytes { get; init; }

    public required bool TakesPayments { get; init; }

    /// <summary>Writes an error in the company's own format: context, status, message for the caller.</summary>
    public required Func<HttpContext, int, string, Task> WriteErrorAsync { get; init; }
}
