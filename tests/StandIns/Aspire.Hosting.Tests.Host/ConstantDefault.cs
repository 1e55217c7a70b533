using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Publishing;

namespace Aspire.Hosting.Tests.Host;

/// <summary>Also names this assembly to the testing builder.</summary>
public sealed class ConstantDefault(string value) : ParameterDefault
{
    public override string GetDefaultValue() => value;

    public override void WriteToManifest(ManifestPublishingContext context) => throw new NotSupportedException();
}
