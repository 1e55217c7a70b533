using System.Security.Cryptography;

namespace Platform.AppHost;

/// <summary>Key pairs of this run: what they encrypt or sign does not outlive it.</summary>
internal sealed record KeyPair(string Name, Func<AsymmetricAlgorithm> Create)
{
    /// <summary>Cards in transit: orders encrypts, payments decrypts.</summary>
    public static readonly KeyPair Cards = new("card", () => RSA.Create(2048));

    /// <summary>Sessions: the gateway signs, every service verifies.</summary>
    public static readonly KeyPair Sessions = new("session", () => ECDsa.Create(ECCurve.NamedCurves.nistP256));
}

/// <summary>Secrets are generated once and kept in user secrets; no service has one in its files.</summary>
internal static class Secrets
{
    /// <summary>Passes the named secret to the project; the same name is the same secret everywhere.</summary>
    public static IResourceBuilder<ProjectResource> WithSecret(
        this IResourceBuilder<ProjectResource> project,
        string variable,
        string name
    ) => project.WithEnvironment(variable, project.ApplicationBuilder.Secret(name));

    /// <summary>The public half of the pair (SubjectPublicKeyInfo, base64): encrypts or verifies.</summary>
    public static IResourceBuilder<ProjectResource> WithPublicKey(
        this IResourceBuilder<ProjectResource> project,
        string variable,
        KeyPair pair
    ) => project.WithEnvironment(variable, project.ApplicationBuilder.Half(pair, "public-key"));

    /// <summary>The private half (PKCS#8, base64): decrypts or signs.</summary>
    public static IResourceBuilder<ProjectResource> WithPrivateKey(
        this IResourceBuilder<ProjectResource> project,
        string variable,
        KeyPair pair
    ) => project.WithEnvironment(variable, project.ApplicationBuilder.Half(pair, "private-key"));

    /// <summary>A generated secret of 43 letters and digits: 256 bits.</summary>
    public static IResourceBuilder<ParameterResource> Secret(this IDistributedApplicationBuilder builder, string name) =>
        builder.Parameter(name)
        ?? builder.AddParameter(name, new GenerateParameterDefault { MinLength = 43, Special = false }, secret: true, persist: true);

    private static IResourceBuilder<ParameterResource> Half(this IDistributedApplicationBuilder builder, KeyPair pair, string half)
    {
        if (builder.Parameter($"{pair.Name}-{half}") is { } known)
        {
            return known;
        }

        using var keys = pair.Create();
        builder.AddParameter($"{pair.Name}-public-key", Convert.ToBase64String(keys.ExportSubjectPublicKeyInfo()));
        builder.AddParameter($"{pair.Name}-private-key", Convert.ToBase64String(keys.ExportPkcs8PrivateKey()), secret: true);
        return builder.Parameter($"{pair.Name}-{half}")!;
    }

    private static IResourceBuilder<ParameterResource>? Parameter(this IDistributedApplicationBuilder builder, string name) =>
        builder.Resources.OfType<ParameterResource>().SingleOrDefault(parameter => parameter.Name == name) is { } parameter
            ? builder.CreateResourceBuilder(parameter)
            : null;
}
