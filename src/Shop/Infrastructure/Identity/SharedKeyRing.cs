using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption.ConfigurationModel;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace Platform.Infrastructure.Identity;

/// <summary>
/// A data protection key ring of one key, derived from a secret that the services share. There is no file to mount and no race
/// over who makes the first key; in return the key does not rotate by itself.
/// </summary>
internal sealed class SharedKeyRing(string secret) : IXmlRepository
{
    // Part of the key, not secret: the same in each service, so that one reads what another protected.
    private static readonly Guid KeyId = new("5f0a3a51-8d2c-4a47-9b3e-6f1f4c1c7b60");
    private static readonly DateTimeOffset From = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Until = new(2126, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The key in the documented XML format of the key ring.</summary>
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        // 512 bits: what the default algorithms derive their keys from.
        var masterKey = HKDF.DeriveKey(HashAlgorithmName.SHA512, Encoding.UTF8.GetBytes(secret), 64, info: "Platform.Identity"u8.ToArray());
        var descriptor = new AuthenticatedEncryptorConfiguration
        {
            EncryptionAlgorithm = EncryptionAlgorithm.AES_256_CBC,
            ValidationAlgorithm = ValidationAlgorithm.HMACSHA256,
        }
            .CreateNewDescriptor()
            .ExportToXml();

        // A new descriptor comes with a random master key: ours takes its place.
        descriptor.SerializedDescriptorElement.Descendants("masterKey").Single().Element("value")!.Value = Convert.ToBase64String(
            masterKey
        );
        return
        [
            new XElement(
                "key",
                new XAttribute("id", KeyId),
                new XAttribute("version", 1),
                new XElement("creationDate", From),
                new XElement("activationDate", From),
                new XElement("expirationDate", Until),
                new XElement(
                    "descriptor",
                    new XAttribute("deserializerType", descriptor.DeserializerType.AssemblyQualifiedName!),
                    descriptor.SerializedDescriptorElement
                )
            ),
        ];
    }

    public void StoreElement(XElement element, string friendlyName) =>
        throw new NotSupportedException("The shared key ring has one key; nothing may add another.");
}
