using System.Security.Cryptography;

namespace Platform.AppHost;

/// <summary>Secrets are generated once and kept in user secrets; no service has one in its files.</summary>
internal static class Secrets
{
    private const string CardPublicKey = "card-public-key";
    private const string CardPrivateKey = "card-private-key";

    /// <summary>Gives the project the secret of that name; who is given the same name gets the same secret.</summary>
    public static IResourceBuilder<ProjectResource> WithSecret(
        this IResourceBuilder<ProjectResource> project,
        string variable,
        string name
    ) => project.WithEnvironment(variable, project.ApplicationBuilder.Secret(name));

    /// <summary>Cards on their way: orders has the public half and seals.</summary>
    public static IResourceBuilder<ProjectResource> WithCardPublicKey(this IResourceBuilder<ProjectResource> project, string variable) =>
        project.WithEnvironment(variable, project.ApplicationBuilder.CardKey(CardPublicKey));

    /// <summary>Payments has the private half and opens.</summary>
    public static IResourceBuilder<ProjectResource> WithCardPrivateKey(this IResourceBuilder<ProjectResource> project, string variable) =>
        project.WithEnvironment(variable, project.ApplicationBuilder.CardKey(CardPrivateKey));

    /// <summary>A generated secret of 43 letters and digits: 256 bits.</summary>
    public static IResourceBuilder<ParameterResource> Secret(this IDistributedApplicationBuilder builder, string name) =>
        builder.Parameter(name)
        ?? builder.AddParameter(name, new GenerateParameterDefault { MinLength = 43, Special = false }, secret: true, persist: true);

    private static IResourceBuilder<ParameterResource> CardKey(this IDistributedApplicationBuilder builder, string name)
    {
        if (builder.Parameter(name) is { } known)
        {
            return known;
        }

        // Each run has its own: what it seals is final within minutes.
        using var rsa = RSA.Create(2048);
        builder.AddParameter(CardPublicKey, Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo()));
        builder.AddParameter(CardPrivateKey, Convert.ToBase64String(rsa.ExportPkcs8PrivateKey()), secret: true);
        return builder.Parameter(name)!;
    }

    private static IResourceBuilder<ParameterResource>? Parameter(this IDistributedApplicationBuilder builder, string name) =>
        builder.Resources.OfType<ParameterResource>().SingleOrDefault(parameter => parameter.Name == name) is { } parameter
            ? builder.CreateResourceBuilder(parameter)
            : null;
}
