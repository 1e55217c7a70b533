using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;
using Platform.Infrastructure.Identity;

namespace Platform.Shop.Tests;

public sealed class SharedKeyRingTests
{
    private const string Secret = "0123456789abcdef0123456789abcdef";

    [Fact]
    public void Unprotect_InAnotherServiceWithTheSameSecret_ReadsIt()
    {
        var sealedText = Protector(Secret).Protect("acme-u01");

        var text = Protector(Secret).Unprotect(sealedText);

        Assert.Equal("acme-u01", text);
    }

    [Fact]
    public void Unprotect_WithAnotherSecret_Throws()
    {
        var sealedText = Protector(Secret).Protect("acme-u01");

        Assert.Throws<CryptographicException>(() => Protector("fedcba9876543210fedcba9876543210").Unprotect(sealedText));
    }

    private static IDataProtector Protector(string secret)
    {
        var services = new ServiceCollection();
        services.AddDataProtection().SetApplicationName("Platform").DisableAutomaticKeyGeneration();
        services.Configure<KeyManagementOptions>(options => options.XmlRepository = new SharedKeyRing(secret));
        return services.BuildServiceProvider().GetRequiredService<IDataProtectionProvider>().CreateProtector("test");
    }
}
