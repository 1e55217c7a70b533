using System.Security.Cryptography;

namespace Platform.AppHost;

internal static class Secrets
{
    /// <summary>A generated secret of 43 letters and digits: 256 bits.</summary>
    public static IResourceBuilder<ParameterResource> AddSecret(this IDistributedApplicationBuilder builder, string name) =>
        builder.AddParameter(name, new GenerateParameterDefault { MinLength = 43, Special = false }, secret: true, persist: true);

    /// <summary>The key pair for cards on their way: orders gets the public half and seals, payments the private half and opens.</summary>
    public static (IResourceBuilder<ParameterResource> Public, IResourceBuilder<ParameterResource> Private) AddCardKeyPair(
        this IDistributedApplicationBuilder builder
    )
    {
        // Each run has its own: what it seals is final within minutes.
        using var rsa = RSA.Create(2048);
        var publicKey = Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo());
        var privateKey = Convert.ToBase64String(rsa.ExportPkcs8PrivateKey());
        return (builder.AddParameter("card-public-key", publicKey), builder.AddParameter("card-private-key", privateKey, secret: true));
    }
}
